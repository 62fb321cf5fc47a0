#include "bench/process/private_mounts.h"

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>

#include "common/status.h"

namespace coppice {

absl::Status EnterPrivateMounts() {
  if (unshare(CLONE_NEWNS) != 0) {
    return errno == EPERM ? absl::OkStatus() : ErrnoStatus(errno, "make a mount namespace");
  }
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return ErrnoStatus(errno, "keep mounts to ourselves");
  }
  return absl::OkStatus();
}

}  // namespace coppice
