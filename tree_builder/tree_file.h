// The tree file as a value: the members of a job and the trees over them (proto/tree.proto).
//
// Its text is protobuf's text format, which people can read and other programs can write, so what
// is read is checked: a TreeFile is always trees over unique members. This is the one place that
// reads it and writes it. Values and functions; const
// members are thread-safe.
#ifndef COPPICE_TREE_BUILDER_TREE_FILE_H_
#define COPPICE_TREE_BUILDER_TREE_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tree_builder/member.h"
#include "tree_builder/trees.h"

namespace coppice {

class TreeFile {
 public:
  static constexpr uint32_t kFormat = 2;

  // INVALID_ARGUMENT for text that is no tree file, with the line and column or the member where it
  // ends to be one.
  static absl::StatusOr<TreeFile> Parse(absl::string_view text);

  // INVALID_ARGUMENT for what Trees::Make refuses. REQUIRES: names are unique, names and addresses
  // are good, each member has an address.
  static absl::StatusOr<TreeFile> Make(std::vector<Member> members, TreesOptions options);

  // What Parse reads. The same members and options give the same bytes, whatever the version of
  // protobuf.
  std::string Text() const;

  // As many as trees().member_count(), in its order.
  const std::vector<Member>& members() const { return members_; }
  const Trees& trees() const { return trees_; }

 private:
  TreeFile(std::vector<Member> members, Trees trees);

  std::vector<Member> members_;
  Trees trees_;
};

// Parses the file at `path`; every error names it. Blocks.
absl::StatusOr<TreeFile> ReadTreeFile(const std::string& path);

// The text of TreeFile::Make.
absl::StatusOr<std::string> TreeFileText(const std::vector<Member>& members,
                                         const TreesOptions& options);

// Of one tree, of which member 0 is the root.
absl::StatusOr<std::string> TreeFileText(const std::vector<Member>& members, uint32_t fanout);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_TREE_FILE_H_
