// Ends a service on its hosts. By the tree first: the root passes the stop down, each node's keeper
// cleans up, and one answer comes back with what each node did. The launcher tool goes only to the
// hosts that this did not reach. Blocks. Not thread-safe; run it on the main thread
// (child_process.h says why).
#ifndef COPPICE_DEPLOY_LAUNCHER_CLUSTER_STOP_H_
#define COPPICE_DEPLOY_LAUNCHER_CLUSTER_STOP_H_

#include <functional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "deploy/state_directory.h"

namespace coppice {

// What the tree may take of it: a host that is down is not known to be before.
inline constexpr absl::Duration kTreeStopMax = absl::Seconds(15);

struct ClusterStopOptions {
  // For all hosts together.
  absl::Duration timeout = absl::Seconds(60);
  // Ask the root first. Not for a launch that has failed: its tree is in pieces.
  bool by_tree = true;
  // Hosts that cannot be reached are given up; else they stay written down for another try.
  bool forget_lost = false;
  // These are given up all the same, and not told of: it is not known that anything was started.
  std::set<std::string> in_doubt;
  // Is told what is out of the ordinary; required.
  std::function<void(absl::string_view)> progress;
};

// Where the summary of a job is written (job_summary.h) that the tree has brought back: beside the
// directory of its service, until the next of that name.
std::string JobSummaryFile(const StateDirectory& state);

// Ends the service of this directory on all of its hosts and removes the directory. NOT_FOUND when
// the directory has no record of one.
absl::Status StopCluster(StateDirectory& state, const ClusterStopOptions& options);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_CLUSTER_STOP_H_
