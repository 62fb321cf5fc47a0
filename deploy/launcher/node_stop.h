// Ends one node's part of a service, on that node, where the tree does not reach it. Also after a
// crash, and when nothing is there. Blocks. Thread-safe.
#ifndef COPPICE_DEPLOY_LAUNCHER_NODE_STOP_H_
#define COPPICE_DEPLOY_LAUNCHER_NODE_STOP_H_

#include "absl/status/status.h"
#include "deploy/launcher/node_job.h"

namespace coppice {

absl::Status StopNode(const NodeJob& job);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_NODE_STOP_H_
