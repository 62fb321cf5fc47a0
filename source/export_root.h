// The directory that is exported, and the only way into it: openat2(2), which cannot leave it.
//
// No symbolic link is followed in any component, neither one that was there nor one that somebody
// swaps in while the kernel walks the path. Mount points are crossed. Thread-safe.
#ifndef COPPICE_SOURCE_EXPORT_ROOT_H_
#define COPPICE_SOURCE_EXPORT_ROOT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/file_descriptor.h"
#include "source/path.h"

namespace coppice {

class ExportRoot {
 public:
  // `directory` itself may be reached through symbolic links. Fails with the errno of opening it,
  // and with ENOSYS where the kernel has no openat2 (before Linux 5.6).
  static absl::StatusOr<ExportRoot> Open(const std::string& directory);

  // Opens what `path` names. `flags` are those of open(2); O_CLOEXEC is added. The errno is that of
  // the kernel, but a symbolic link on the way is ENOTDIR: who reads through a kernel resolves
  // links there, and never asks for a path below one. O_PATH | O_NOFOLLOW opens a final link
  // itself.
  absl::StatusOr<FileDescriptor> OpenBeneath(const Path& path, uint64_t flags) const;

  // The directory, without symbolic links.
  const std::string& canonical() const { return canonical_; }

 private:
  ExportRoot(FileDescriptor root, std::string canonical)
      : root_(std::move(root)), canonical_(std::move(canonical)) {}

  FileDescriptor root_;
  std::string canonical_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_EXPORT_ROOT_H_
