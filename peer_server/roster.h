// Roster: who is in the job, for what is said about many members at once: their names, and who is
// below whom in tree 0.
//
// The names of 100,000 members take 3 MB. A value; const members are thread-safe.
#ifndef COPPICE_PEER_SERVER_ROSTER_H_
#define COPPICE_PEER_SERVER_ROSTER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "peer_server/member_set.h"
#include "tree_builder/tree_file.h"
#include "tree_builder/trees.h"

namespace coppice {

class Roster {
 public:
  explicit Roster(const TreeFile& tree_file);
  // Of a node that is alone.
  explicit Roster(const std::string& name) : names_({name}) {}

  uint32_t size() const { return static_cast<uint32_t>(names_.size()); }

  // All below: REQUIRES member < size().
  const std::string& NameOf(uint32_t member) const { return names_[member]; }
  std::vector<uint32_t> Children(uint32_t member) const;
  // The member and all below it.
  MemberSet Subtree(uint32_t member) const;

  // "node[007,031]"; empty for none. Cut when it would be longer than people read.
  std::string FoldedNames(const MemberSet& members) const;

 private:
  std::vector<std::string> names_;
  // None for a node that is alone.
  std::optional<Trees> trees_;
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_ROSTER_H_
