// A service on the hosts of a job: the trees, one peer and one mount on each host, by a launcher
// tool.
//
// Each host says in a line of its own that its peer was started, or why not (node_line.h); that it
// has mounted and read a probe, or is warm, comes by the tree to its root, which Start asks
// (tree_readiness.h). When hosts fail whose children in a tree then wait for them in vain, and
// enough others are left, it starts again without the failed ones. What is started is written down
// before (cluster_record.h): whatever becomes of the launcher, stop ends it. Blocks. Not
// thread-safe; start from the main thread (child_process.h says why).
#ifndef COPPICE_DEPLOY_LAUNCHER_CLUSTER_SERVICE_H_
#define COPPICE_DEPLOY_LAUNCHER_CLUSTER_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "deploy/launcher/launcher_tool.h"
#include "deploy/launcher/node_job.h"
#include "tree_builder/member.h"
#include "tree_builder/switch_layout.h"

namespace coppice {

// ~/.coppice: home directories are what hosts most often share.
std::string DefaultClusterRoot();

struct ClusterOptions {
  // On a file system that all hosts share.
  std::string state_root;
  std::string service;
  std::vector<Member> members;
  // Of the members, in their order; empty: nothing is known of switches.
  SwitchLayout switches;
  // None: the best by the cost model.
  std::optional<uint32_t> fanout;
  uint32_t trees = 1;
  // As JobName has it, and the number of the Slurm job.
  std::string job;
  std::string slurm_job;
  std::string node_program;
  // Its `service`, `tree_file`, `timeout` and `stay` are filled in. With a `recording`, ready means
  // warm.
  NodeJob node_job;
  // For all of Start.
  absl::Duration timeout = absl::Seconds(60);
  // With fewer hosts ready, Start fails and leaves nothing running; but what cannot be reached
  // stays written down, for stop.
  size_t nodes_min = 1;
  // Ends a Start early (interruption.h); -1: nothing does.
  int interrupt_descriptor = -1;
  // Is told what happens; required.
  std::function<void(absl::string_view)> progress;
};

struct ClusterStarted {
  size_t ready = 0;
  absl::Duration time;
  // The hosts that are not ready, with the reason. On some of them something may run.
  std::map<std::string, std::string> failed;
};

// ALREADY_EXISTS when the service was launched before and not stopped.
absl::StatusOr<ClusterStarted> StartCluster(const LauncherTool& tool,
                                            const ClusterOptions& options);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_CLUSTER_SERVICE_H_
