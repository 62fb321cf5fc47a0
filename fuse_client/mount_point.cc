#include "fuse_client/mount_point.h"

#include <mntent.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/search_path.h"
#include "common/status.h"

namespace coppice {
namespace {

// Whether the table of mounts has one of ours there.
bool HasCoppiceMount(const std::string& resolved) {
  const std::unique_ptr<FILE, int (*)(FILE*)> table(setmntent("/proc/self/mounts", "r"), endmntent);
  if (table == nullptr) return false;
  while (const mntent* entry = getmntent(table.get())) {
    if (std::string(entry->mnt_dir) == resolved &&
        std::string(entry->mnt_type) == kFileSystemType) {
      return true;
    }
  }
  return false;
}

bool IsCoppiceMount(const std::string& mount_point) {
  char resolved[PATH_MAX];
  return realpath(mount_point.c_str(), resolved) != nullptr && HasCoppiceMount(resolved);
}

}  // namespace

absl::Status CheckMountPoint(const std::string& mount_point) {
  struct stat stat = {};
  if (::stat(mount_point.c_str(), &stat) != 0) {
    const absl::Status status = ErrnoStatus(errno, absl::StrCat("mount point '", mount_point, "'"));
    if (StatusErrno(status) != ENOTCONN) return status;
    return Annotate(status, absl::StrCat("a client died here; run: fusermount3 -u ", mount_point));
  }
  if (!S_ISDIR(stat.st_mode)) {
    return ErrnoStatus(ENOTDIR, absl::StrCat("mount point '", mount_point, "'"));
  }
  if (IsCoppiceMount(mount_point)) {
    return ErrnoStatus(EBUSY, absl::StrCat("mount point '", mount_point,
                                           "' is a Coppice mount already (fusermount3 -u ",
                                           mount_point, " ends it)"));
  }
  return absl::OkStatus();
}

absl::Status CheckFusermount(const std::string& search_path) {
  if (!FindOnSearchPath("fusermount3", search_path).empty()) return absl::OkStatus();
  return ErrnoStatus(ENOENT, "find fusermount3 (package fuse3), which mounts for users,");
}

void DetachMount(const std::string& mount_point) {
  // The folder that it is in: to resolve the mount itself would be to ask it.
  const std::filesystem::path path(mount_point);
  std::error_code error;
  const std::string resolved =
      (std::filesystem::canonical(path.parent_path(), error) / path.filename()).string();
  if (error || !HasCoppiceMount(resolved)) return;
  if (umount2(resolved.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return;
  std::string program = "fusermount3";
  std::string flags = "-uqz";
  std::string target = resolved;
  char* const arguments[] = {program.data(), flags.data(), target.data(), nullptr};
  pid_t pid = 0;
  if (posix_spawnp(&pid, "fusermount3", nullptr, nullptr, arguments, environ) != 0) return;
  waitpid(pid, nullptr, 0);
}

}  // namespace coppice
