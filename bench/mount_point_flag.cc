#include "bench/mount_point_flag.h"

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "fuse_client/mount_point.h"

namespace coppice {
namespace {

// Empty: it will do.
std::string Problem(const std::string& mount_point) {
  const absl::Status status = CheckMountPoint(mount_point);
  const int error = StatusErrno(status);
  if (error != ENOENT && error != ENOTDIR) return std::string(status.message());
  return absl::StrCat(status.message(), "; name an empty directory");
}

}  // namespace

void AddMountPointFlag(CLI::App& app, std::string& mount_point) {
  app.add_option("mount_point", mount_point, "an empty directory")->required()->check(Problem);
}

}  // namespace coppice
