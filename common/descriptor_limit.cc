#include "common/descriptor_limit.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"
#include "common/status.h"

namespace coppice {

absl::StatusOr<uint64_t> RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return ErrnoStatus(errno, "ask for RLIMIT_NOFILE");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return ErrnoStatus(errno, "raise RLIMIT_NOFILE");
  return limit.rlim_cur;
}

absl::Status ReserveDescriptors(uint64_t count) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return ErrnoStatus(errno, "ask for RLIMIT_NOFILE");
  const uint64_t room = std::min<uint64_t>(count, limit.rlim_cur);
  if (room == 0) return absl::OkStatus();
  // Any descriptor will do; the table keeps its size when the copy is closed.
  const FileDescriptor any(epoll_create1(EPOLL_CLOEXEC));
  if (!any.valid()) return ErrnoStatus(errno, "open a descriptor");
  const auto highest = static_cast<int>(room) - 1;
  const FileDescriptor copy(fcntl(any.get(), F_DUPFD_CLOEXEC, highest));
  // In use already: then there is room for it.
  if (!copy.valid() && fcntl(highest, F_GETFD) < 0) {
    return ErrnoStatus(errno, absl::StrCat("make room for ", count, " descriptors"));
  }
  return absl::OkStatus();
}

}  // namespace coppice
