// NodeKeeper: one node's part of a service, on that node, from its start to its end: one peer and
// one mount.
//
// It stays for as long as they do: it mounts when the peer has its way to the roots, tells the peer
// how that went (which the tree carries to the launcher), and cleans up when the job is stopped by
// the tree, when it is told to end, or when the peer has died.
//
// What runs is written down as local services are (service_record.h), in the node's own state
// directory, so that a stop finds it after any crash. Whoever starts writes itself down first: a
// stop that comes meanwhile tells it to end, and it takes back what it did. Blocks. Not
// thread-safe; start from the main thread (child_process.h says why).
#ifndef COPPICE_DEPLOY_LAUNCHER_NODE_KEEPER_H_
#define COPPICE_DEPLOY_LAUNCHER_NODE_KEEPER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "deploy/launcher/node_job.h"

namespace coppice {

class NodeKeeper {
 public:
  // Checks the node, starts its peer, and makes sure that nobody has ended the launch. Waits for no
  // other node. Errors say what to do about it; nothing is left then. `node`: its name in the tree.
  // FAILED_PRECONDITION for a busy port, an existing mount, a missing /dev/fuse; ALREADY_EXISTS
  // when the service runs here already.
  static absl::StatusOr<std::unique_ptr<NodeKeeper>> Start(const NodeJob& job,
                                                           const std::string& node,
                                                           int interrupt_descriptor);

  virtual ~NodeKeeper() = default;  // Ends what runs.

  // Mounts, reads a probe through the mount, replays the recording of the job if it has one, and
  // tells the peer of each. Then waits for the end, and cleans up. What goes wrong is told to the
  // peer; and here, on standard error.
  virtual void Keep() = 0;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_NODE_KEEPER_H_
