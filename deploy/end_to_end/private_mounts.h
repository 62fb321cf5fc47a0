// A mount namespace of the test program's own, so that what it mounts is seen by nobody else and
// goes with its last process, however that ends. /dev/fuse in it is open to every user, as on the
// nodes of a cluster. Needs root. Processes that are started later inherit it. Thread-safe, but it
// is the calling thread that moves.
#ifndef COPPICE_DEPLOY_END_TO_END_PRIVATE_MOUNTS_H_
#define COPPICE_DEPLOY_END_TO_END_PRIVATE_MOUNTS_H_

#include "absl/status/status.h"

namespace coppice {

// Once for the life of the process; each further call returns what the first did. A second
// namespace would keep copies of the mounts in the first.
absl::Status EnterPrivateMounts();

}  // namespace coppice

#endif  // COPPICE_DEPLOY_END_TO_END_PRIVATE_MOUNTS_H_
