#include "deploy/mount_warming.h"

#include <csignal>
#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "deploy/child_process.h"
#include "deploy/log_tail.h"
#include "deploy/pipe.h"
#include "deploy/warm_progress.h"

namespace coppice {
namespace {

// The readable ones of WaitReadable, by their order there: what was said counts before the end.
constexpr size_t kProgress = 0;

absl::StatusOr<ChildProcess> StartWarm(const MountWarmingOptions& options, int progress) {
  return ChildProcess::Start(
      {.arguments = {options.program, absl::StrCat("--trace=", options.trace),
                     absl::StrCat("--progress_fd=", progress), options.mount_point},
       .environment = {"PATH=/usr/bin:/bin"},
       .log_file = options.log_file,
       .kept_descriptors = {progress},
       .parent_death_signal = SIGKILL,
       .new_session = true});
}

// Tells what comes by the pipe until the process has ended.
absl::Status FollowToEnd(const ChildProcess& process, Pipe& pipe,
                         const MountWarmingOptions& options, const WaitLimits& limits) {
  WarmedBytesReader reader;
  while (true) {
    const auto event = WaitReadable({pipe.read_end.get(), process.pid_descriptor()}, limits);
    if (!event.ok()) return event.status();
    if (*event != kProgress) return absl::OkStatus();
    const auto news = reader.Read(pipe.read_end.get());
    if (!news.ok()) return news.status();
    if (news->bytes.has_value()) options.on_progress(*news->bytes);
    // From then on only the end of the process tells more.
    if (news->closed) pipe.read_end.Reset();
  }
}

}  // namespace

absl::Status WarmMount(const MountWarmingOptions& options, const WaitLimits& limits) {
  auto pipe = OpenPipe();
  if (!pipe.ok()) return pipe.status();
  auto process = StartWarm(options, pipe->write_end.get());
  if (!process.ok()) return Annotate(process.status(), "start warm");
  pipe->write_end.Reset();
  if (absl::Status status = FollowToEnd(*process, *pipe, options, limits); !status.ok()) {
    return ErrorWithLog(status.code(), absl::StrCat("warming the mount: ", status.message()),
                        options.log_file);
  }
  const auto end = process->Wait(limits);
  if (!end.ok()) return Annotate(end.status(), "warming the mount");
  if (end->success()) return absl::OkStatus();
  return ErrorWithLog(absl::StatusCode::kFailedPrecondition,
                      absl::StrCat("warming the mount ", end->Describe()), options.log_file);
}

}  // namespace coppice
