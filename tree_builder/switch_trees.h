// Trees that leave network switches as seldom as can be.
//
// In each tree the members below a switch, of whatever level, are connected among themselves: of
// its edges exactly one leads into a switch that does not hold the root, and none leads in twice.
// Fewer there cannot be. Members on no known switch count as a switch of their own each. Depth
// comes second: a member that is placed early takes children of the largest need, so that trees are
// seldom deeper than complete ones by more than two steps.
//
// From tree to tree the interior moves on: below each switch those come first that were interior
// least often, and the roots are different members. Pure and deterministic.
#ifndef COPPICE_TREE_BUILDER_SWITCH_TREES_H_
#define COPPICE_TREE_BUILDER_SWITCH_TREES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "tree_builder/switch_layout.h"
#include "tree_builder/topology.h"

namespace coppice {

// As many as tree_count. INVALID_ARGUMENT for a tree deeper than kDepthMax. O(trees * members),
// times a logarithm. REQUIRES: the layout is good and not empty, fanout is from 1 to kFanoutMax,
// tree_count is at most the members.
absl::StatusOr<std::vector<Topology>> BuildSwitchTrees(uint32_t fanout, uint32_t tree_count,
                                                       const SwitchLayout& layout);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_SWITCH_TREES_H_
