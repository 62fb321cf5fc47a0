// A mount namespace of the test's own, so that what it mounts is seen by nobody else and goes with
// its last process, however that ends. /dev/fuse in it is open to every user, as on the nodes of a
// cluster. Needs root. Not thread-safe; processes that are started later inherit it.
#ifndef COPPICE_DEPLOY_END_TO_END_PRIVATE_MOUNTS_H_
#define COPPICE_DEPLOY_END_TO_END_PRIVATE_MOUNTS_H_

#include <string>

#include "absl/status/status.h"

namespace coppice {

// `device_file` is a name that is free; the device is made there and mounted over /dev/fuse.
absl::Status EnterPrivateMounts(const std::string& device_file);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_END_TO_END_PRIVATE_MOUNTS_H_
