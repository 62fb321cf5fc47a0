#include "deploy/launcher/cluster_trees.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "tree_builder/folded_hosts.h"
#include "tree_builder/read_text.h"
#include "tree_builder/slurm_topology.h"
#include "tree_builder/tree_costs.h"

namespace coppice {
namespace {

// Where the members that are left stand among all.
std::vector<uint32_t> IndicesOf(const std::vector<Member>& left, const std::vector<Member>& all) {
  std::vector<uint32_t> indices;
  for (uint32_t i = 0; i < all.size() && indices.size() < left.size(); ++i) {
    if (all[i].name == left[indices.size()].name) indices.push_back(i);
  }
  return indices;
}

}  // namespace

absl::StatusOr<TreeFile> MakeClusterTrees(const std::vector<Member>& left,
                                          const ClusterTreesOptions& options) {
  const auto count = static_cast<uint32_t>(left.size());
  const uint32_t trees = std::min(options.trees_max, count);
  const uint32_t fanout = options.fanout.has_value()
                              ? *options.fanout
                              : BestFanout(TreeCosts(), count, trees, TreeWorkload());
  auto tree = TreeFile::Make(
      left, {.fanout = fanout,
             .tree_count = trees,
             .switches = LayoutOfSome(options.switches, IndicesOf(left, options.members))});
  if (!tree.ok()) return Annotate(tree.status(), "--fanout (a larger one gives a flatter tree)");
  return tree;
}

absl::StatusOr<ClusterSwitches> ReadClusterSwitches(const std::string& path,
                                                    const std::vector<Member>& members) {
  const auto text = ReadTextFile(path);
  if (!text.ok()) return Annotate(text.status(), "--topology");
  auto on_switches = ParseSlurmTopology(*text, members);
  if (!on_switches.ok()) return Annotate(on_switches.status(), absl::StrCat("--topology: ", path));
  ClusterSwitches switches = {.layout = std::move(on_switches->layout)};
  if (!on_switches->unlisted.empty()) {
    switches.warning = absl::StrCat(on_switches->unlisted.size(), " hosts are not in ", path,
                                    ", and each counts as a switch of its own: ",
                                    FoldedHosts(on_switches->unlisted).ShortText());
  }
  return switches;
}

}  // namespace coppice
