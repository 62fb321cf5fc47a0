#include "common/ready_signal.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {

absl::Status SignalReady(int descriptor) {
  if (descriptor < 0) return absl::OkStatus();
  constexpr char kLine[] = "ready\n";
  ssize_t written;
  do {
    written = write(descriptor, kLine, strlen(kLine));
  } while (written < 0 && errno == EINTR);
  const int error_number = written < 0 ? errno : 0;
  close(descriptor);
  if (error_number == 0) return absl::OkStatus();
  return ErrnoStatus(error_number, absl::StrCat("write to --ready_fd=", descriptor));
}

}  // namespace coppice
