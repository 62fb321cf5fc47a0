#include "bench/process/mount_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/log_tail.h"
#include "deploy/mount_table.h"

namespace coppice {
namespace {

constexpr char kUnmountProgram[] = "/usr/bin/fusermount3";
constexpr absl::Duration kMountMax = absl::Seconds(30);
// Most programs end by themselves once they are unmounted; sshfs takes seconds for it.
constexpr absl::Duration kEndByItselfMax = absl::Milliseconds(500);
constexpr absl::Duration kEndGrace = absl::Seconds(10);

// Unmounts the topmost mount there, though it may be in use: it goes once it is not.
absl::Status DetachMountAt(const std::string& mount_point) {
  if (geteuid() == 0) {
    if (umount2(mount_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return absl::OkStatus();
    return ErrnoStatus(errno, absl::StrCat("unmount '", mount_point, "'"));
  }
  auto program = ChildProcess::Start(
      {.arguments = {kUnmountProgram, "-u", "-z", mount_point}, .environment = OwnEnvironment()});
  if (!program.ok()) return program.status();
  return program->Wait({.deadline = absl::Now() + kEndGrace}).status();
}

}  // namespace

absl::StatusOr<MountProcess> MountProcess::Start(MountProcessOptions options,
                                                 const BenchContext& context) {
  std::error_code error;
  std::filesystem::create_directories(options.mount_point, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("make '", options.mount_point, "'"));
  absl::StatusOr<ChildProcess> program =
      ChildProcess::Start({.arguments = options.arguments,
                           .environment = OwnEnvironment(),
                           .log_file = options.log_file,
                           .parent_death_signal = options.in_foreground ? SIGTERM : 0,
                           .new_session = true});
  if (!program.ok()) return Annotate(program.status(), options.who);
  MountProcess mount(std::move(options), *std::move(program));
  if (absl::Status mounted = mount.AwaitMount(context); !mounted.ok()) {
    return Annotate(mounted, absl::StrCat(mount.options_.who, " does not mount"));
  }
  return mount;
}

MountProcess::MountProcess(MountProcessOptions options, ChildProcess program)
    : options_(std::move(options)), program_(std::move(program)) {}

MountProcess::MountProcess(MountProcess&& other) noexcept
    : options_(std::exchange(other.options_, {})),
      program_(std::exchange(other.program_, std::nullopt)) {}

MountProcess::~MountProcess() {
  if (options_.mount_point.empty()) return;
  DetachWhatIsMounted();
  if (!program_.has_value()) return;
  if (!program_->Wait({.deadline = absl::Now() + kEndByItselfMax}).ok()) {
    program_->Terminate(kEndGrace).IgnoreError();
  }
  // One that was interrupted may have mounted by then.
  DetachWhatIsMounted();
}

void MountProcess::DetachWhatIsMounted() const {
  const absl::StatusOr<std::string> type = MountTypeAt(options_.mount_point);
  // A scratch directory around it never goes into what stays mounted.
  if (type.ok() && !type->empty()) DetachMountAt(options_.mount_point).IgnoreError();
}

std::vector<pid_t> MountProcess::pids() const {
  if (!program_.has_value()) return {};
  return {program_->pid()};
}

absl::Status MountProcess::AwaitMount(const BenchContext& context) {
  const absl::Time deadline = absl::Now() + kMountMax;
  // Polling it tells of changes of the mount table (proc(5)).
  const FileDescriptor table(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  if (!table.valid()) return ErrnoStatus(errno, "open /proc/self/mountinfo");
  for (;;) {
    const absl::StatusOr<std::string> type = MountTypeAt(options_.mount_point);
    if (!type.ok()) return type.status();
    if (!type->empty() && options_.in_foreground) return absl::OkStatus();
    if (!program_.has_value()) {
      if (!type->empty()) return absl::OkStatus();
      return absl::FailedPreconditionError(
          absl::StrCat("its program ended; the end of its log:\n", LogTail(options_.log_file)));
    }
    pollfd waits[] = {{.fd = table.get(), .events = POLLPRI},
                      {.fd = program_->pid_descriptor(), .events = POLLIN},
                      {.fd = context.interrupt_descriptor, .events = POLLIN}};
    const absl::Duration left = deadline - absl::Now();
    const int ready = poll(waits, std::size(waits), static_cast<int>(ToInt64Milliseconds(left)));
    if (ready < 0 && errno != EINTR) return ErrnoStatus(errno, "poll");
    if (absl::Status status = CheckNotInterrupted(context); !status.ok()) return status;
    if (waits[1].revents != 0) {
      // It has ended: collected, and looked at the table once more.
      const auto end = program_->Wait({});
      if (!end.ok()) return end.status();
      program_.reset();
    }
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat("not in ", absl::FormatDuration(kMountMax),
                                                      "; the end of its log:\n",
                                                      LogTail(options_.log_file)));
    }
  }
}

}  // namespace coppice
