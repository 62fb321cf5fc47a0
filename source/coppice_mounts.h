// Which places below the export root are Coppice mounts, and must not be read.
//
// Reading Coppice through Coppice would wait for itself: even an lstat of the mount point is a
// question to the client that waits for the answer. So the kernel's list of mounts
// (proc_pid_mountinfo(5)) is asked, and never the place itself. poll(2) tells when the list has
// changed; it is asked before each request. A mount that appears between that and the system call
// is not seen; it is by the next request.
//
// Thread-safe.
#ifndef COPPICE_SOURCE_COPPICE_MOUNTS_H_
#define COPPICE_SOURCE_COPPICE_MOUNTS_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/file_descriptor.h"
#include "common/mutex.h"
#include "source/path.h"

namespace coppice {

// The type under which the kernel lists our mounts: fuse_client mounts with subtype=coppice.
inline constexpr char kCoppiceFileSystemType[] = "fuse.coppice";

// The mount points of type kCoppiceFileSystemType, unescaped, from the text of a mountinfo file.
// Lines that are not understood are passed over.
std::vector<std::string> ParseCoppiceMountPoints(absl::string_view mountinfo);

// Those that lie within the directory, as paths below it. The root itself, when the directory lies
// within a mount. REQUIRES: all absolute and without symbolic links.
std::vector<Path> MountsBelow(const std::vector<std::string>& mount_points,
                              absl::string_view directory);

class CoppiceMounts {
 public:
  using MountsRef = std::shared_ptr<const std::vector<Path>>;

  // Of the mounts in this process's mount namespace. `export_root` is without symbolic links;
  // `mountinfo` is another file only in tests. ELOOP when the export root is itself within a mount.
  static absl::StatusOr<std::unique_ptr<CoppiceMounts>> Open(
      const std::string& export_root, const std::string& mountinfo = "/proc/self/mountinfo");

  // The mounts now. An error means that the list cannot be read: then nothing may be touched.
  absl::StatusOr<MountsRef> Current();

  // The mounts now, if none of them holds `path`; else ELOOP, which is logged once a mount.
  absl::StatusOr<MountsRef> Allow(const Path& path);

 private:
  CoppiceMounts(FileDescriptor watched, std::string export_root, std::string mountinfo);

  absl::StatusOr<MountsRef> Read() const;

  const FileDescriptor watched_;
  const std::string export_root_;
  const std::string mountinfo_;

  Mutex mutex_;
  // How many changes were seen, and how many of them are in mounts_.
  uint64_t changes_seen_ ABSL_GUARDED_BY(mutex_) = 1;
  uint64_t changes_read_ ABSL_GUARDED_BY(mutex_) = 0;
  MountsRef mounts_ ABSL_GUARDED_BY(mutex_);
  // As many as there are mounts: those that went are forgotten.
  std::set<Path> logged_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_COPPICE_MOUNTS_H_
