// The directory that a node mounts at: made before, unmounted and removed after. Blocks; never for
// ever, since it looks at mounts through the mount table only. Thread-safe: functions without
// state.
#ifndef COPPICE_DEPLOY_MOUNT_DIRECTORY_H_
#define COPPICE_DEPLOY_MOUNT_DIRECTORY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace coppice {

struct MountDirectory {
  // Without symbolic links, as the mount table will have it.
  std::string path;
  // The directories that were made for it, outermost first.
  std::vector<std::string> made;
};

// Makes the directory and those above it as needed. FAILED_PRECONDITION with the way out when
// something is mounted there already, alive or left behind by a client that died, or when the way
// leads through a directory that another user made in one like /tmp; else the errno of mkdir(2),
// with nothing left behind. REQUIRES: an absolute path.
absl::StatusOr<MountDirectory> PrepareMountDirectory(const std::string& path);

// Removes MountDirectory::made, innermost first, as far as it is empty.
void RemoveMadeDirectories(const std::vector<std::string>& made);

enum class UnmountOutcome {
  kWasNotMounted,
  kUnmounted,
  // Processes use it: it is out of sight, and goes when the last of them has left.
  kDetached,
};

// Unmounts Coppice from the directory, and whatever else of Coppice lies stacked on it; other file
// systems stay. As root by umount2(2), else with fusermount3.
absl::StatusOr<UnmountOutcome> UnmountCoppice(const std::string& path);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_MOUNT_DIRECTORY_H_
