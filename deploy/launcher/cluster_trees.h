// The trees over the hosts of a launch: over all of them, or, when some have failed, over those
// that are left. Pure, thread-safe.
#ifndef COPPICE_DEPLOY_LAUNCHER_CLUSTER_TREES_H_
#define COPPICE_DEPLOY_LAUNCHER_CLUSTER_TREES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tree_builder/member.h"
#include "tree_builder/switch_layout.h"
#include "tree_builder/tree_file.h"

namespace coppice {

struct ClusterTreesOptions {
  // None: the best by the cost model, which knows nothing of switches.
  std::optional<uint32_t> fanout;
  // Fewer where there are fewer members.
  uint32_t trees_max = 1;
  // All of the launch, and on which switch each is; an empty layout: nothing is known of that.
  const std::vector<Member>& members;
  const SwitchLayout& switches;
};

// INVALID_ARGUMENT for a fan-out that gives too deep a tree. REQUIRES: `left` has at least one
// member, and those of options.members that it has in their order.
absl::StatusOr<TreeFile> MakeClusterTrees(const std::vector<Member>& left,
                                          const ClusterTreesOptions& options);

struct ClusterSwitches {
  // Of the members, in their order.
  SwitchLayout layout;
  // For the user; empty: nothing.
  std::string warning;
};

// From Slurm's topology.conf. Every error names the file. Blocks.
absl::StatusOr<ClusterSwitches> ReadClusterSwitches(const std::string& path,
                                                    const std::vector<Member>& members);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_CLUSTER_TREES_H_
