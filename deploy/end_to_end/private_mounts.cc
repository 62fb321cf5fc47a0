#include "deploy/end_to_end/private_mounts.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr char kFuseDevice[] = "/dev/fuse";

}  // namespace

absl::Status EnterPrivateMounts(const std::string& device_file) {
  if (unshare(CLONE_NEWNS) != 0) return ErrnoStatus(errno, "make a mount namespace");
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return ErrnoStatus(errno, "make all mounts private");
  }
  struct stat device = {};
  if (stat(kFuseDevice, &device) != 0) return ErrnoStatus(errno, "stat /dev/fuse");
  constexpr mode_t kForAll = 0666;
  if ((device.st_mode & kForAll) == kForAll) return absl::OkStatus();
  if (mknod(device_file.c_str(), S_IFCHR | kForAll, device.st_rdev) != 0 ||
      chmod(device_file.c_str(), kForAll) != 0) {
    return ErrnoStatus(errno, absl::StrCat("make the device '", device_file, "'"));
  }
  if (mount(device_file.c_str(), kFuseDevice, nullptr, MS_BIND, nullptr) != 0) {
    return ErrnoStatus(errno, "mount it over /dev/fuse");
  }
  return absl::OkStatus();
}

}  // namespace coppice
