#include "deploy/mount_directory.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/child_process.h"
#include "deploy/mount_table.h"

namespace coppice {
namespace {

constexpr char kFusermount[] = "/usr/bin/fusermount3";
constexpr absl::Duration kFusermountMax = absl::Seconds(20);
constexpr mode_t kDirectoryMode = 0755;
constexpr int kStackedMountsMax = 16;

absl::Status RunFusermount(const std::string& path, bool lazy) {
  std::vector<std::string> arguments = {kFusermount, "-u", "-q"};
  if (lazy) arguments.emplace_back("-z");
  arguments.emplace_back("--");
  arguments.push_back(path);
  auto child = ChildProcess::Start({.arguments = arguments, .environment = OwnEnvironment()});
  if (!child.ok()) return child.status();
  const auto end = child->Wait({.deadline = absl::Now() + kFusermountMax});
  if (!end.ok()) return Annotate(end.status(), absl::StrCat("fusermount3 -u ", path));
  if (end->success()) return absl::OkStatus();
  // It tells no reason by its exit code; a mount in use is by far the commonest.
  return ErrnoStatus(EBUSY, absl::StrCat("fusermount3 -u ", path, " ", end->Describe()));
}

absl::Status UnmountOnce(const std::string& path, bool lazy) {
  if (geteuid() != 0) return RunFusermount(path, lazy);
  if (umount2(path.c_str(), UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, absl::StrCat("unmount ", path));
}

absl::Status CheckNothingMounted(const std::string& path) {
  const auto type = MountTypeAt(path);
  if (!type.ok()) return type.status();
  // Not stat(2): the kernel may answer that from its cache long after the client has died.
  struct statfs status;
  if (statfs(path.c_str(), &status) != 0 && errno == ENOTCONN) {
    return absl::FailedPreconditionError(
        absl::StrCat("'", path, "' is a mount whose client died; remove it with 'fusermount3 -u ",
                     path, "' or 'bazel run //deploy:stop'"));
  }
  if (*type == kCoppiceMountType) {
    return absl::FailedPreconditionError(
        absl::StrCat("Coppice is already mounted at '", path,
                     "'; stop it first with 'bazel run //deploy:stop', or choose another --mount"));
  }
  return absl::OkStatus();
}

// Everybody may make a name there, and nobody but its owner may take it away, as in /tmp.
bool IsSharedByAll(const struct stat& directory) {
  return (directory.st_mode & S_ISVTX) != 0 && (directory.st_mode & S_IWOTH) != 0;
}

// What is at a path that mkdir(2) would not make. `shared`:
// whether all may write to the directory that holds it.
absl::StatusOr<struct stat> CheckExisting(const std::string& path, bool shared, int mkdir_error) {
  struct stat status;
  // Some file systems say EROFS or EACCES for a directory that exists.
  if (lstat(path.c_str(), &status) != 0) {
    return ErrnoStatus(mkdir_error, absl::StrCat("make the mount directory '", path, "'"));
  }
  if (shared && status.st_uid != geteuid() && status.st_uid != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "'", path, "' belongs to user ", status.st_uid,
        ", who could put something else in the mount's place; choose another --mount"));
  }
  if (stat(path.c_str(), &status) != 0) {
    return ErrnoStatus(mkdir_error, absl::StrCat("make the mount directory '", path, "'"));
  }
  if (!S_ISDIR(status.st_mode)) {
    return ErrnoStatus(ENOTDIR, absl::StrCat("'", path, "' cannot be mounted at"));
  }
  return status;
}

// Appends what it makes to `made`, also when it fails half-way.
absl::Status MakeDirectories(const std::string& path, std::vector<std::string>& made) {
  std::string prefix;
  bool shared = false;  // whether all may write to the directory where `prefix` is
  for (const absl::string_view component : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    absl::StrAppend(&prefix, "/", component);
    if (mkdir(prefix.c_str(), kDirectoryMode) == 0) {
      made.push_back(prefix);
      shared = false;
      continue;
    }
    const auto existing = CheckExisting(prefix, shared, errno);
    if (!existing.ok()) return existing.status();
    shared = IsSharedByAll(*existing);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MountDirectory> PrepareMountDirectory(const std::string& path) {
  // Before anything else goes through it: what is mounted there may be dead.
  if (const absl::Status free = CheckNothingMounted(path); !free.ok()) return free;
  MountDirectory directory;
  absl::Status status = MakeDirectories(path, directory.made);
  if (status.ok()) {
    std::error_code error;
    directory.path = std::filesystem::canonical(path, error).string();
    if (error) status = ErrnoStatus(error.value(), absl::StrCat("resolve '", path, "'"));
  }
  // Again, by the name that the mount table has.
  if (status.ok()) status = CheckNothingMounted(directory.path);
  if (status.ok()) return directory;
  RemoveMadeDirectories(directory.made);
  return status;
}

void RemoveMadeDirectories(const std::vector<std::string>& made) {
  for (const std::string& directory : std::vector<std::string>(made.rbegin(), made.rend())) {
    // One that is not empty, or gone, is not ours any more.
    if (rmdir(directory.c_str()) != 0) return;
  }
}

absl::StatusOr<UnmountOutcome> UnmountCoppice(const std::string& path) {
  UnmountOutcome outcome = UnmountOutcome::kWasNotMounted;
  for (int i = 0; i < kStackedMountsMax; ++i) {
    const auto type = MountTypeAt(path);
    if (!type.ok()) return type.status();
    if (*type != kCoppiceMountType) return outcome;
    absl::Status unmounted = UnmountOnce(path, /*lazy=*/false);
    if (unmounted.ok()) {
      if (outcome == UnmountOutcome::kWasNotMounted) outcome = UnmountOutcome::kUnmounted;
      continue;
    }
    if (StatusErrno(unmounted) == EBUSY) {
      unmounted = UnmountOnce(path, /*lazy=*/true);
      outcome = UnmountOutcome::kDetached;
    }
    // EINVAL: its client, which is ending as well, was faster.
    if (!unmounted.ok() && StatusErrno(unmounted) != EINVAL) return unmounted;
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("more than ", kStackedMountsMax, " mounts lie on each other at '", path, "'"));
}

}  // namespace coppice
