// How far the kernel reads ahead in a mount.
//
// It is 128 KiB, and what INIT answers can only make it less. More means fewer page faults that
// wait for a request, and larger folios in the page cache, which warm programs profit from, too; it
// also means bytes that nobody reads. Only root may set it, through the mount's backing device in
// sysfs (Documentation/ABI/testing/sysfs-class-bdi).
//
// Thread-safe: a pure function.
#ifndef COPPICE_FUSE_CLIENT_READAHEAD_WINDOW_H_
#define COPPICE_FUSE_CLIENT_READAHEAD_WINDOW_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"

namespace coppice {

// `import torch`, of 128, 256, 512 and 1024: least time, cold and warm.
inline constexpr size_t kReadaheadKib = 512;

// Asks the mount for the attributes of its root, so not for a thread that answers requests. EACCES
// when we may not.
absl::Status SetReadaheadWindow(const std::string& mount_point, size_t kib);

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_READAHEAD_WINDOW_H_
