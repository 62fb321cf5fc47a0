#include "fuse_client/readahead_window.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"
#include "common/status.h"

namespace coppice {

absl::Status SetReadaheadWindow(const std::string& mount_point, size_t kib) {
  struct stat root = {};
  if (stat(mount_point.c_str(), &root) != 0) {
    return ErrnoStatus(errno, absl::StrCat("stat '", mount_point, "'"));
  }
  const std::string name = absl::StrCat("/sys/class/bdi/", major(root.st_dev), ":",
                                        minor(root.st_dev), "/read_ahead_kb");
  const FileDescriptor file(open(name.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return ErrnoStatus(errno, absl::StrCat("open ", name));
  const std::string text = absl::StrCat(kib);
  if (write(file.get(), text.data(), text.size()) < 0) {
    return ErrnoStatus(errno, absl::StrCat("write ", text, " to ", name));
  }
  return absl::OkStatus();
}

}  // namespace coppice
