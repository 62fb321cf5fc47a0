#include "tree_builder/trees.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tree_builder/member.h"
#include "tree_builder/rotated_tree.h"
#include "tree_builder/switch_trees.h"

namespace coppice {
namespace {

absl::Status CheckOptions(uint32_t member_count, const TreesOptions& options) {
  const auto wrong = [](const auto&... what) {
    return absl::InvalidArgumentError(absl::StrCat(what...));
  };
  if (member_count == 0) return wrong("trees without members");
  if (member_count > kMembersMax) return wrong("trees of more than ", kMembersMax, " members");
  if (options.fanout == 0 || options.fanout > kFanoutMax) {
    return wrong("the fan-out ", options.fanout, " is not from 1 to ", kFanoutMax);
  }
  if (options.tree_count == 0 || options.tree_count > kTreesMax) {
    return wrong(options.tree_count, " trees; from 1 to ", kTreesMax, " can be");
  }
  if (options.tree_count > member_count) {
    return wrong(options.tree_count, " trees over ", member_count,
                 " members: each tree needs a root of its own");
  }
  return CheckSwitchLayout(options.switches, member_count);
}

}  // namespace

absl::StatusOr<Trees> Trees::Make(uint32_t member_count, TreesOptions options) {
  if (absl::Status good = CheckOptions(member_count, options); !good.ok()) return good;
  Trees trees(member_count, std::move(options));
  if (!trees.switches().empty()) {
    auto held = BuildSwitchTrees(trees.fanout(), trees.tree_count(), trees.switches());
    if (!held.ok()) return held.status();
    trees.held_ = *std::move(held);
  } else if (RotatedTree(member_count, trees.fanout(), 0).Height() > kDepthMax) {
    return absl::InvalidArgumentError(absl::StrCat("a tree of ", member_count,
                                                   " members with the fan-out ", trees.fanout(),
                                                   " is deeper than ", kDepthMax, " steps"));
  }
  return trees;
}

uint32_t Trees::Root(uint32_t tree) const {
  return held_.empty() ? RotatedTree(member_count_, fanout(), tree).Root() : held_[tree].root();
}

std::optional<uint32_t> Trees::Parent(uint32_t tree, uint32_t member) const {
  return held_.empty() ? RotatedTree(member_count_, fanout(), tree).Parent(member)
                       : held_[tree].Parent(member);
}

std::vector<uint32_t> Trees::Children(uint32_t tree, uint32_t member) const {
  if (held_.empty()) return RotatedTree(member_count_, fanout(), tree).Children(member);
  const absl::Span<const uint32_t> children = held_[tree].Children(member);
  return {children.begin(), children.end()};
}

std::vector<uint32_t> Trees::Ancestors(uint32_t tree, uint32_t member) const {
  std::vector<uint32_t> ancestors;
  for (auto above = Parent(tree, member); above.has_value(); above = Parent(tree, *above)) {
    ancestors.push_back(*above);
  }
  return ancestors;
}

uint32_t Trees::Depth(uint32_t tree, uint32_t member) const {
  return held_.empty() ? RotatedTree(member_count_, fanout(), tree).Depth(member)
                       : held_[tree].Depth(member);
}

bool Trees::IsInterior(uint32_t tree, uint32_t member) const {
  return held_.empty() ? RotatedTree(member_count_, fanout(), tree).IsInterior(member)
                       : !held_[tree].Children(member).empty();
}

}  // namespace coppice
