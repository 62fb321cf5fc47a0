// A mount namespace of this program's own: what it mounts is seen by nobody else, and goes with its
// last process, however that ends. Processes that are started later inherit it. It is the calling
// thread that moves, so call it first in main.
#ifndef COPPICE_BENCH_PROCESS_PRIVATE_MOUNTS_H_
#define COPPICE_BENCH_PROCESS_PRIVATE_MOUNTS_H_

#include "absl/status/status.h"

namespace coppice {

// Without the right to have one (other users than root) nothing happens: what is mounted is then
// seen, and unmounted by its owner.
absl::Status EnterPrivateMounts();

}  // namespace coppice

#endif  // COPPICE_BENCH_PROCESS_PRIVATE_MOUNTS_H_
