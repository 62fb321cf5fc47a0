#include "fuse_client/fuse_device.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"
#include "common/status.h"

namespace coppice {
namespace {

// Linux, Documentation/admin-guide/devices.txt.
const dev_t kFuseDeviceNumber = makedev(10, 229);

bool IsFuse(int descriptor) {
  struct stat status;
  return fstat(descriptor, &status) == 0 && S_ISCHR(status.st_mode) &&
         status.st_rdev == kFuseDeviceNumber;
}

}  // namespace

absl::Status CheckFuseDevice(const std::string& device) {
  const FileDescriptor fuse(open(device.c_str(), O_RDWR | O_CLOEXEC));
  if (fuse.valid()) {
    if (IsFuse(fuse.get())) return absl::OkStatus();
    return ErrnoStatus(ENODEV, absl::StrCat("no FUSE: something else is at ", device));
  }
  const absl::Status status = ErrnoStatus(errno, absl::StrCat("open ", device));
  switch (StatusErrno(status)) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return Annotate(status, "no FUSE (is the kernel module 'fuse' loaded?)");
    case EACCES:
    case EPERM:
      return Annotate(status,
                      "no FUSE: this user may not use it here (ask for mode 0666 on the device)");
    default:
      return Annotate(status, "no FUSE");
  }
}

}  // namespace coppice
