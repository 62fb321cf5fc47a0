#include "deploy/end_to_end/private_mounts.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr char kFuseDevice[] = "/dev/fuse";
constexpr mode_t kForAll = 0666;

// Mounts a device of mode kForAll over `original`. Its own name is gone again afterwards.
absl::Status OpenToAll(const char* original) {
  struct stat device = {};
  if (stat(original, &device) != 0) return ErrnoStatus(errno, absl::StrCat("stat ", original));
  std::string directory = "/tmp/coppice-device.XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) return ErrnoStatus(errno, "make a directory");
  const std::string file = directory + "/device";
  absl::Status status;
  if (mknod(file.c_str(), S_IFCHR | kForAll, device.st_rdev) != 0 ||
      chmod(file.c_str(), kForAll) != 0 ||
      mount(file.c_str(), original, nullptr, MS_BIND, nullptr) != 0) {
    status = ErrnoStatus(errno, absl::StrCat("open ", original, " to all"));
  }
  unlink(file.c_str());
  rmdir(directory.c_str());
  return status;
}

absl::Status Enter() {
  if (unshare(CLONE_NEWNS) != 0) return ErrnoStatus(errno, "make a mount namespace");
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return ErrnoStatus(errno, "make all mounts private");
  }
  return OpenToAll(kFuseDevice);
}

}  // namespace

absl::Status EnterPrivateMounts() {
  static const absl::Status entered = Enter();
  return entered;
}

}  // namespace coppice
