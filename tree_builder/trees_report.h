// What the trees of a job are like, for people: depth, who is in the middle of how many, predicted
// times, and edges between switches. Pure, thread-safe.
#ifndef COPPICE_TREE_BUILDER_TREES_REPORT_H_
#define COPPICE_TREE_BUILDER_TREES_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tree_builder/tree_costs.h"
#include "tree_builder/tree_file.h"
#include "tree_builder/trees.h"

namespace coppice {

// Edges between switches of one level: 0 are the switches that members hang on.
struct SwitchLevelReport {
  // Of each tree.
  std::vector<uint32_t> edges;
  // One into each switch with members, but that of the root. A member on no known switch, and one
  // on a switch above this level, counts as a switch of its own.
  uint32_t fewest = 0;
};

struct TreesReport {
  // Of each tree.
  std::vector<uint32_t> heights;
  // Members that are interior in i trees, by i.
  std::vector<uint32_t> members_by_interior_trees;
  // How often a byte leaves the busiest member, and a member on average, when each tree carries the
  // same share.
  double copies_max = 0;
  double copies_mean = 0;
  // As the cost model wants them.
  TreeFigures figures;
  // Lowest first; none without switches.
  std::vector<SwitchLevelReport> switch_levels;
};

TreesReport ReportOn(const Trees& trees);

// The report as text, with the times that the costs predict.
std::string ExplainTrees(const TreeFile& tree_file, const TreeCosts& costs,
                         const TreeWorkload& workload);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_TREES_REPORT_H_
