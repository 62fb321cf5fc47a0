// The number of descriptors that this process may have open.
//
// The soft limit is 1024 nearly everywhere, for programs that use select(2). A peer needs one for
// each connection, two or three for each of its children, and without one a child is not heard.
#ifndef COPPICE_COMMON_DESCRIPTOR_LIMIT_H_
#define COPPICE_COMMON_DESCRIPTOR_LIMIT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace coppice {

// Raises the soft limit of this process to the hard one; the limit now. The errno of setrlimit(2).
absl::StatusOr<uint64_t> RaiseDescriptorLimit();

// Makes room for `count` descriptors, or as many as the limit allows, in the kernel's table of this
// process. To be called before the first thread is started: the table doubles when it is full, and
// in a process of several threads all that open a file then wait until each processor has come by
// (expand_fdtable in fs/file.c of Linux, synchronize_rcu: 5 to 13 ms, measured). The errno of
// fcntl(2).
absl::Status ReserveDescriptors(uint64_t count);

}  // namespace coppice

#endif  // COPPICE_COMMON_DESCRIPTOR_LIMIT_H_
