// What is mounted where in our mount namespace (proc(5), /proc/PID/mountinfo). Asking the table
// touches no mounted file system, so it answers even when one of them hangs. Thread-safe: pure
// functions.
#ifndef COPPICE_DEPLOY_MOUNT_TABLE_H_
#define COPPICE_DEPLOY_MOUNT_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coppice {

struct Mount {
  // Absolute, as the kernel has it: without symbolic links.
  std::string mount_point;
  // "ext4", "fuse.coppice", ...
  std::string type;

  bool operator==(const Mount&) const = default;
};

// As /proc/self/mounts calls our mounts.
inline constexpr absl::string_view kCoppiceMountType = "fuse.coppice";

// In the order of the table: a later one on the same mount point hides an earlier. Lines that are
// none are left out.
std::vector<Mount> ParseMountInfo(absl::string_view text);

absl::StatusOr<std::vector<Mount>> ReadMountTable();

// The type of what is mounted at exactly this path, topmost; empty: nothing is.
absl::StatusOr<std::string> MountTypeAt(absl::string_view path);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_MOUNT_TABLE_H_
