#include "common/descriptor_limit.h"

#include <sys/resource.h>

#include <cerrno>

#include "common/status.h"

namespace coppice {

absl::StatusOr<uint64_t> RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return ErrnoStatus(errno, "ask for RLIMIT_NOFILE");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return ErrnoStatus(errno, "raise RLIMIT_NOFILE");
  return limit.rlim_cur;
}

}  // namespace coppice
