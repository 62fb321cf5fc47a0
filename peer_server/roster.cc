#include "peer_server/roster.h"

#include <cstddef>

#include "tree_builder/folded_hosts.h"

namespace coppice {
namespace {

// Programs read it too: only a job of thousands of scattered names is cut.
constexpr size_t kFoldedBytesMax = 64 << 10;

}  // namespace

Roster::Roster(const TreeFile& tree_file) : trees_(tree_file.trees()) {
  names_.reserve(tree_file.members().size());
  for (const Member& member : tree_file.members()) names_.push_back(member.name);
}

std::vector<uint32_t> Roster::Children(uint32_t member) const {
  return trees_.has_value() ? trees_->Children(0, member) : std::vector<uint32_t>();
}

MemberSet Roster::Subtree(uint32_t member) const {
  MemberSet subtree;
  std::vector<uint32_t> open = {member};
  while (!open.empty()) {
    const uint32_t next = open.back();
    open.pop_back();
    subtree.Insert(next);
    const std::vector<uint32_t> children = Children(next);
    open.insert(open.end(), children.begin(), children.end());
  }
  return subtree;
}

std::string Roster::FoldedNames(const MemberSet& members) const {
  FoldedHosts folded;
  for (const uint32_t member : members.Members()) {
    if (member < names_.size()) folded.Add(names_[member]);
  }
  return folded.ShortText(kFoldedBytesMax);
}

}  // namespace coppice
