#include "bench/mounted_program.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/mount_table.h"
#include "deploy/ready_pipe.h"
#include "fuse_client/readahead_window.h"

namespace coppice {
namespace {

constexpr mode_t kOwnerOnly = 0700;
// floor_mount reads a whole tree before it serves.
constexpr absl::Duration kStartMax = absl::Minutes(2);
constexpr absl::Duration kStopGrace = absl::Seconds(10);
constexpr char kFusermount[] = "/usr/bin/fusermount3";

// For a program that left its mount behind.
absl::Status ForceUnmount(const std::string& mount_point) {
  const auto type = MountTypeAt(mount_point);
  if (!type.ok()) return type.status();
  if (type->empty()) return absl::OkStatus();
  if (geteuid() == 0) {
    if (umount2(mount_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return absl::OkStatus();
    return ErrnoStatus(errno, absl::StrCat("unmount '", mount_point, "'"));
  }
  auto fusermount = ChildProcess::Start(
      {.arguments = {kFusermount, "-u", "-z", mount_point}, .environment = OwnEnvironment()});
  if (!fusermount.ok()) return fusermount.status();
  const auto end = fusermount->Wait({.deadline = absl::Now() + kStopGrace});
  if (!end.ok()) return end.status();
  if (end->success()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("unmount '", mount_point, "': fusermount3 ", end->Describe()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MountedProgram>> MountedProgram::Start(
    const MountedProgramOptions& options, const BenchContext& context) {
  if (mkdir(options.mount_point.c_str(), kOwnerOnly) != 0) {
    return ErrnoStatus(errno, absl::StrCat("make '", options.mount_point, "'"));
  }
  auto ready = ReadyPipe::Open();
  if (!ready.ok()) return ready.status();
  std::vector<std::string> arguments = options.arguments;
  arguments.push_back(absl::StrCat("--ready_fd=", ready->write_descriptor()));
  arguments.push_back(options.mount_point);
  auto process = ChildProcess::Start({.arguments = std::move(arguments),
                                      .environment = OwnEnvironment(),
                                      .log_file = options.log_file,
                                      .kept_descriptors = {ready->write_descriptor()},
                                      .parent_death_signal = SIGTERM,
                                      .new_session = true});
  if (!process.ok()) {
    rmdir(options.mount_point.c_str());
    return Annotate(process.status(), options.name);
  }
  ready->ProgramStarted();
  std::unique_ptr<MountedProgram> program(
      new MountedProgram(options.mount_point, *std::move(process)));
  if (absl::Status status =
          ready->Wait(program->process_, options.name, options.log_file, context.Limits(kStartMax));
      !status.ok()) {
    return status;
  }
  // fuse_client does so where it may; nobody is to be faster for that.
  (void)SetReadaheadWindow(options.mount_point, kReadaheadKib);
  return program;
}

MountedProgram::MountedProgram(std::string mount_point, ChildProcess process)
    : mount_point_(std::move(mount_point)), process_(std::move(process)) {}

absl::Status MountedProgram::Stop() {
  if (std::exchange(stopped_, true)) return absl::OkStatus();
  const absl::Status ended = process_.Terminate(kStopGrace).status();
  absl::Status unmounted = ForceUnmount(mount_point_);
  if (unmounted.ok() && rmdir(mount_point_.c_str()) != 0) {
    unmounted = ErrnoStatus(errno, absl::StrCat("remove '", mount_point_, "'"));
  }
  return ended.ok() ? unmounted : ended;
}

}  // namespace coppice
