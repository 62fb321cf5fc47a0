#include "bench/process/scratch_directory.h"

#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/child_process.h"
#include "deploy/mount_table.h"

namespace coppice {
namespace {

constexpr char kUnmountProgram[] = "/usr/bin/fusermount3";
constexpr absl::Duration kUnmountMax = absl::Seconds(10);

// False when something stays mounted, or nobody can tell.
bool DetachAllBelow(const std::string& directory) {
  const absl::StatusOr<std::vector<Mount>> mounts = ReadMountTable();
  if (!mounts.ok()) return false;
  bool all = true;
  // The last mounted first.
  for (auto mount = mounts->rbegin(); mount != mounts->rend(); ++mount) {
    if (!absl::StartsWith(mount->mount_point, directory + "/")) continue;
    all = DetachMountAt(mount->mount_point).ok() && all;
  }
  return all;
}

}  // namespace

absl::Status DetachMountAt(const std::string& mount_point) {
  if (geteuid() == 0) {
    if (umount2(mount_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return absl::OkStatus();
    return ErrnoStatus(errno, absl::StrCat("unmount '", mount_point, "'"));
  }
  auto program = ChildProcess::Start(
      {.arguments = {kUnmountProgram, "-u", "-z", mount_point}, .environment = OwnEnvironment()});
  if (!program.ok()) return program.status();
  const auto end = program->Wait({.deadline = absl::Now() + kUnmountMax});
  if (!end.ok()) return end.status();
  if (end->success()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("fusermount3 ", end->Describe()));
}

absl::StatusOr<ScratchDirectory> ScratchDirectory::Make() {
  const char* const parent = getenv("TMPDIR");
  std::string path =
      absl::StrCat(parent == nullptr || *parent == '\0' ? "/tmp" : parent, "/coppice-bench-XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    return ErrnoStatus(errno, absl::StrCat("make the directory '", path, "'"));
  }
  std::error_code error;
  const std::filesystem::path canonical = std::filesystem::canonical(path, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("resolve '", path, "'"));
  return ScratchDirectory(canonical.string());
}

ScratchDirectory::ScratchDirectory(std::string path) : path_(std::move(path)) {}

ScratchDirectory::ScratchDirectory(ScratchDirectory&& other) noexcept
    : path_(std::exchange(other.path_, "")) {}

ScratchDirectory::~ScratchDirectory() {
  if (path_.empty()) return;
  if (!DetachAllBelow(path_)) {
    std::cerr << "something stays mounted in " << path_ << ", which is left there\n";
    return;
  }
  std::error_code error;
  std::filesystem::remove_all(path_, error);
  if (error) std::cerr << "cannot remove " << path_ << ": " << error.message() << "\n";
}

absl::StatusOr<std::string> ScratchDirectory::MakeDirectory(const std::string& name) const {
  std::string path = Below(name);
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("make the directory '", path, "'"));
  return path;
}

}  // namespace coppice
