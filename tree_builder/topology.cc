#include "tree_builder/topology.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tree_builder/member.h"

namespace coppice {
namespace {

// No member of any tree: sizes are at most kMembersMax.
constexpr uint32_t kNobody = 0xffffffff;
static_assert(kMembersMax < kNobody);

}  // namespace

absl::StatusOr<Topology> Topology::FromParents(std::vector<uint32_t> parent_plus_one,
                                               uint32_t fanout) {
  if (fanout == 0 || fanout > kFanoutMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("the fan-out ", fanout, " is not from 1 to ", kFanoutMax));
  }
  if (parent_plus_one.empty()) return absl::InvalidArgumentError("a tree without members");
  if (parent_plus_one.size() > kMembersMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a tree of more than ", kMembersMax, " members"));
  }
  Topology topology;
  topology.fanout_ = fanout;
  topology.parent_plus_one_ = std::move(parent_plus_one);
  if (absl::Status root = topology.FindRoot(); !root.ok()) return root;
  if (absl::Status children = topology.CollectChildren(); !children.ok()) return children;
  if (absl::Status depths = topology.MeasureDepths(); !depths.ok()) return depths;
  return topology;
}

absl::Status Topology::FindRoot() {
  uint32_t root = kNobody;
  for (uint32_t i = 0; i < size(); ++i) {
    if (parent_plus_one_[i] > size()) {
      return absl::InvalidArgumentError(absl::StrCat("member ", i, " has the parent ",
                                                     parent_plus_one_[i] - 1,
                                                     ", but the last member is ", size() - 1));
    }
    if (parent_plus_one_[i] != 0) continue;
    if (root != kNobody) {
      return absl::InvalidArgumentError(
          absl::StrCat("members ", root, " and ", i, " both have no parent: two roots"));
    }
    root = i;
  }
  if (root == kNobody) return absl::InvalidArgumentError("every member has a parent: no root");
  root_ = root;
  return absl::OkStatus();
}

// A counting sort by parent: counts, then sums, then places.
absl::Status Topology::CollectChildren() {
  first_child_.assign(size() + 1, 0);
  for (const uint32_t parent : parent_plus_one_) ++first_child_[parent];
  // first_child_[i + 1] is now the number of children of i; [0] counted the root as somebody's.
  first_child_[0] = 0;
  for (uint32_t i = 0; i < size(); ++i) {
    if (first_child_[i + 1] > fanout_) {
      return absl::InvalidArgumentError(absl::StrCat("member ", i, " has ", first_child_[i + 1],
                                                     " children, but the fan-out is ", fanout_));
    }
    first_child_[i + 1] += first_child_[i];
  }
  std::vector<uint32_t> next(first_child_.begin(), first_child_.end() - 1);
  children_.resize(size() - 1);
  for (uint32_t i = 0; i < size(); ++i) {
    if (i != root_) children_[next[parent_plus_one_[i] - 1]++] = i;
  }
  return absl::OkStatus();
}

// Walks down from the root, level by level. Whoever is not met has no way up to the root: since
// everybody has a parent, that is a cycle or below one.
absl::Status Topology::MeasureDepths() {
  depths_.assign(size(), kNobody);
  depths_[root_] = 0;
  std::vector<uint32_t> order{root_};
  order.reserve(size());
  for (size_t met = 0; met < order.size(); ++met) {
    const uint32_t depth = depths_[order[met]] + 1;
    for (const uint32_t child : Children(order[met])) {
      if (depth > kDepthMax) {
        return absl::InvalidArgumentError(
            absl::StrCat("member ", child, " is more than ", kDepthMax, " steps from the root"));
      }
      depths_[child] = depth;
      order.push_back(child);
    }
  }
  if (order.size() == size()) return absl::OkStatus();
  uint32_t lost = 0;
  while (depths_[lost] != kNobody) ++lost;
  return absl::InvalidArgumentError(
      absl::StrCat("member ", lost, " does not reach the root: its ancestors are a cycle"));
}

std::optional<uint32_t> Topology::Parent(uint32_t index) const {
  if (index == root_) return std::nullopt;
  return parent_plus_one_[index] - 1;
}

absl::Span<const uint32_t> Topology::Children(uint32_t index) const {
  return absl::MakeConstSpan(children_).subspan(first_child_[index],
                                                first_child_[index + 1] - first_child_[index]);
}

std::vector<uint32_t> Topology::Ancestors(uint32_t index) const {
  std::vector<uint32_t> ancestors;
  ancestors.reserve(Depth(index));
  for (uint32_t above = index; above != root_;) {
    above = parent_plus_one_[above] - 1;
    ancestors.push_back(above);
  }
  return ancestors;
}

}  // namespace coppice
