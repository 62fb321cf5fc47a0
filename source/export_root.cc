#include "source/export_root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

// openat2 gives EAGAIN when a rename or mount raced with its walk, EINTR when a signal did.
constexpr int kOpenAttemptsMax = 16;

int OpenAt2(int root, const char* path, uint64_t flags) {
  open_how how = {};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 1;; ++attempt) {
    const long descriptor = syscall(SYS_openat2, root, path, &how, sizeof(how));
    const bool again = descriptor < 0 && (errno == EAGAIN || errno == EINTR);
    if (!again || attempt == kOpenAttemptsMax) return static_cast<int>(descriptor);
  }
}

}  // namespace

absl::StatusOr<ExportRoot> ExportRoot::Open(const std::string& directory) {
  const std::string what = absl::StrCat("open the export root '", directory, "'");
  const std::unique_ptr<char, decltype(&std::free)> canonical(realpath(directory.c_str(), nullptr),
                                                              &std::free);
  if (canonical == nullptr) return ErrnoStatus(errno, what);
  const int root = open(canonical.get(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return ErrnoStatus(errno, what);
  ExportRoot export_root{FileDescriptor(root), std::string(canonical.get())};

  const int probe = OpenAt2(root, ".", O_PATH | O_DIRECTORY);
  if (probe < 0 && errno == ENOSYS) {
    return ErrnoStatus(ENOSYS, absl::StrCat(what, ": openat2(2) is needed: Linux 5.6 or newer"));
  }
  if (probe < 0) return ErrnoStatus(errno, absl::StrCat(what, " with openat2"));
  const FileDescriptor probed(probe);
  return export_root;
}

absl::StatusOr<FileDescriptor> ExportRoot::OpenBeneath(const Path& path, uint64_t flags) const {
  const int descriptor = OpenAt2(root_.get(), path.IsRoot() ? "." : path.text().c_str(), flags);
  if (descriptor >= 0) return FileDescriptor(descriptor);
  const int error_number = errno == ELOOP ? ENOTDIR : errno;
  return ErrnoStatus(error_number, absl::StrCat("open '", path.text(), "'"));
}

}  // namespace coppice
