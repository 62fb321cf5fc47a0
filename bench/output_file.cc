#include "bench/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr mode_t kMode = 0644;

absl::Status Failed(int error_number, const std::string& file) {
  return ErrnoStatus(error_number, absl::StrCat("write '", file, "'"));
}

}  // namespace

absl::Status CheckOutputFile(const std::string& file) {
  struct stat status;
  if (stat(file.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return Failed(EISDIR, file);
    // A pipe that nobody reads yet would make open wait.
    if (!S_ISREG(status.st_mode)) {
      return access(file.c_str(), W_OK) == 0 ? absl::OkStatus() : Failed(errno, file);
    }
    const FileDescriptor opened(open(file.c_str(), O_WRONLY | O_CLOEXEC));
    return opened.valid() ? absl::OkStatus() : Failed(errno, file);
  }
  if (errno != ENOENT) return Failed(errno, file);
  const FileDescriptor made(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
  if (made.valid()) {
    unlink(file.c_str());
    return absl::OkStatus();
  }
  // A link to what is not there: only writing would tell.
  return errno == EEXIST ? absl::OkStatus() : Failed(errno, file);
}

absl::Status WriteOutputFile(const std::string& file, absl::string_view text) {
  errno = 0;
  std::ofstream stream(file);
  stream << text << std::flush;
  if (stream) return absl::OkStatus();
  return Failed(errno > 0 ? errno : EIO, file);
}

}  // namespace coppice
