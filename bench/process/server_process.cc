#include "bench/process/server_process.h"

#include <csignal>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "deploy/ready_pipe.h"

namespace coppice {
namespace {

constexpr absl::Duration kReadyMax = absl::Seconds(30);
constexpr absl::Duration kStopGrace = absl::Seconds(10);

}  // namespace

absl::StatusOr<ServerProcess> ServerProcess::Start(const std::string& who,
                                                   std::vector<std::string> arguments,
                                                   const std::string& log_file,
                                                   const BenchContext& context) {
  absl::StatusOr<ReadyPipe> ready = ReadyPipe::Open();
  if (!ready.ok()) return ready.status();
  arguments.push_back(absl::StrCat("--ready_fd=", ready->write_descriptor()));
  absl::StatusOr<ChildProcess> process =
      ChildProcess::Start({.arguments = std::move(arguments),
                           .environment = OwnEnvironment(),
                           .log_file = log_file,
                           .kept_descriptors = {ready->write_descriptor()},
                           .parent_death_signal = SIGTERM,
                           // Ctrl-C is for us, who stop it.
                           .new_session = true});
  if (!process.ok()) return Annotate(process.status(), who);
  ready->ProgramStarted();
  const absl::Status waited = ready->Wait(*process, who, log_file, context.Limits(kReadyMax));
  if (!waited.ok()) return waited;
  return ServerProcess(*std::move(process));
}

ServerProcess::~ServerProcess() {
  // Of one that was moved from, there is nothing to end.
  if (process_.pid() >= 0) process_.Terminate(kStopGrace).IgnoreError();
}

}  // namespace coppice
