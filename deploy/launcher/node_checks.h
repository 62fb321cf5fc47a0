// What must be true of a node before Coppice starts on it, each with the cure in its error; besides
// that it has FUSE (fuse_client/fuse_device.h).
// Thread-safe: functions without state.
#ifndef COPPICE_DEPLOY_LAUNCHER_NODE_CHECKS_H_
#define COPPICE_DEPLOY_LAUNCHER_NODE_CHECKS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace coppice {

// FAILED_PRECONDITION when somebody listens on one of them, each "host:port" of this machine.
absl::Status CheckPorts(const std::vector<std::string>& addresses);

// Takes a mount of ours away whose client has died; anything else stays, and is no error here.
absl::Status RemoveDeadMount(const std::string& path);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_NODE_CHECKS_H_
