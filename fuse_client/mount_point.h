// Whether a mount can work, asked before libfuse is: its own errors are lines on standard error
// that do not say what to do. Thread-safe.
#ifndef COPPICE_FUSE_CLIENT_MOUNT_POINT_H_
#define COPPICE_FUSE_CLIENT_MOUNT_POINT_H_

#include <string>

#include "absl/status/status.h"

namespace coppice {

// The type that /proc/self/mounts shows for our mounts.
inline constexpr char kFileSystemType[] = "fuse.coppice";

// The mount point must be a directory, that is not a Coppice mount already and not the rest of one
// whose client died. It need not be empty.
absl::Status CheckMountPoint(const std::string& mount_point);

// Without root, mounting takes fusermount3, in one of the folders of `search_path` (as in $PATH).
absl::Status CheckFusermount(const std::string& search_path);

// Takes our mount away, whoever uses it, and without asking it anything: its client may be the
// caller, and stuck. Nothing when there is none. For the end of a process: failures have no remedy
// any more.
void DetachMount(const std::string& mount_point);

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_MOUNT_POINT_H_
