// Replays a recording through the mounts of several nodes at the same moment, each by a process of
// its own (deploy/warm.cc), so that a mount that hangs holds up nobody but its own. What all of
// them need comes through the tree, and so once from the backing file system. Blocks. Not
// thread-safe; run on the main thread (child_process.h says why).
#ifndef COPPICE_DEPLOY_NODE_WARMING_H_
#define COPPICE_DEPLOY_NODE_WARMING_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "deploy/child_process.h"
#include "deploy/descriptor_wait.h"

namespace coppice {

struct NodeToWarm {
  std::string name;
  std::string mount_point;
  NamespaceDescriptors namespaces;
  // What the process says is appended to it.
  std::string log_file;
};

struct NodeWarmingOptions {
  // The program `warm`, and the recording; absolute.
  std::string program;
  std::string trace;
  // Is told which nodes are done and what they moved, and in between how many are; required.
  std::function<void(absl::string_view)> progress;
  absl::Duration interval = absl::Seconds(2);
};

// OK when every node is warm. An error names the first that is not, with the end of its log; the
// others are ended.
absl::Status WarmNodes(const std::vector<NodeToWarm>& nodes, const NodeWarmingOptions& options,
                       const WaitLimits& limits);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_NODE_WARMING_H_
