// The tree file as a value: the members of a job and the tree over them (proto/tree.proto).
//
// Its text is protobuf's text format, which people can read and other programs can write, so what
// is read is checked: a TreeFile is always a tree over unique members. Values and functions; const
// members are thread-safe.
#ifndef COPPICE_TREE_BUILDER_TREE_FILE_H_
#define COPPICE_TREE_BUILDER_TREE_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tree_builder/member.h"
#include "tree_builder/topology.h"

namespace coppice {

class TreeFile {
 public:
  static constexpr uint32_t kFormat = 1;

  // INVALID_ARGUMENT for text that is no tree file, with the line and column or the member where it
  // ends to be one.
  static absl::StatusOr<TreeFile> Parse(absl::string_view text);

  // As many as topology().size(), in its order.
  const std::vector<Member>& members() const { return members_; }
  const Topology& topology() const { return topology_; }

 private:
  TreeFile(std::vector<Member> members, Topology topology);

  std::vector<Member> members_;
  Topology topology_;
};

// Parses the file at `path`; every error names it. Blocks.
absl::StatusOr<TreeFile> ReadTreeFile(const std::string& path);

// The text of the tree file of a complete tree over the members, in their order: member 0 is the
// root. The same members give the same bytes, whatever the version of protobuf. INVALID_ARGUMENT
// for a tree deeper than kDepthMax. REQUIRES: 0 < members.size() <= kMembersMax, names are unique,
// 1 <= fanout <= kFanoutMax.
absl::StatusOr<std::string> TreeFileText(const std::vector<Member>& members, uint32_t fanout);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_TREE_FILE_H_
