// One node's part of a service, on that node: one peer and one mount, started, proven, ended.
//
// What runs is written down as local services are (service_record.h), in the node's own state
// directory, so that a stop finds it after any crash. Whoever starts writes itself down first: a
// stop that comes meanwhile tells it to end, and it takes back what it did. Blocks. Not
// thread-safe; start from the main thread (child_process.h says why).
#ifndef COPPICE_DEPLOY_LAUNCHER_NODE_SERVICE_H_
#define COPPICE_DEPLOY_LAUNCHER_NODE_SERVICE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "deploy/descriptor_wait.h"
#include "deploy/launcher/node_job.h"

namespace coppice {

class NodeService {
 public:
  // Checks the node, then starts the peer and the mount, reads a probe through it, and makes sure
  // that nobody has ended the launch. Errors say what to do about it; nothing is left then. `node`:
  // its name in the tree. FAILED_PRECONDITION for a busy port, an existing mount, a missing
  // /dev/fuse; ALREADY_EXISTS when the service runs here already.
  static absl::StatusOr<std::unique_ptr<NodeService>> Start(const NodeJob& job,
                                                            const std::string& node,
                                                            int interrupt_descriptor);

  virtual ~NodeService() = default;  // Ends it, unless it was detached.

  // Leaves it running.
  virtual void Detach() = 0;
  // Returns when its programs have ended or we are interrupted.
  virtual void Await() = 0;
};

// The member of the job's tree file that this machine is: `host` when given, else by the machine's
// own names. The error says when the file cannot be read from here.
absl::StatusOr<std::string> FindOwnName(const NodeJob& job, const std::string& host);

// Also after a crash, and when nothing is there.
absl::Status StopNode(const NodeJob& job);

// OK when the programs run and the mount is there.
absl::Status CheckNode(const NodeJob& job);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_NODE_SERVICE_H_
