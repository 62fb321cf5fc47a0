// The number of descriptors that this process may have open.
//
// The soft limit is 1024 nearly everywhere, for programs that use select(2). A peer needs one for
// each connection, two or three for each of its children, and without one a child is not heard.
#ifndef COPPICE_COMMON_DESCRIPTOR_LIMIT_H_
#define COPPICE_COMMON_DESCRIPTOR_LIMIT_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace coppice {

// Raises the soft limit of this process to the hard one; the limit now. The errno of setrlimit(2).
absl::StatusOr<uint64_t> RaiseDescriptorLimit();

}  // namespace coppice

#endif  // COPPICE_COMMON_DESCRIPTOR_LIMIT_H_
