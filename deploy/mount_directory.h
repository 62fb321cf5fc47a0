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

// Makes the directory and those above it as needed; returns those that it made, outermost first.
// FAILED_PRECONDITION with the way out when something is mounted there already, alive or left
// behind by a client that died; NOT_A_DIRECTORY's errno and others as mkdir(2) has them. REQUIRES:
// absolute.
absl::StatusOr<std::vector<std::string>> PrepareMountDirectory(const std::string& path);

// Removes what PrepareMountDirectory made, innermost first, as far as it is empty.
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
