#include "deploy/service_program.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {

absl::StatusOr<ServiceProgram> ServiceProgram::Start(const ServiceProgramOptions& options) {
  auto ready = ReadyPipe::Open();
  if (!ready.ok()) return ready.status();
  std::vector<std::string> arguments = options.arguments;
  arguments.insert(arguments.begin() + 1, absl::StrCat("--ready_fd=", ready->write_descriptor()));
  auto process = ChildProcess::Start({.arguments = std::move(arguments),
                                      .environment = OwnEnvironment(),
                                      .log_file = options.log_file,
                                      .kept_descriptors = {ready->write_descriptor()},
                                      .parent_death_signal = options.parent_death_signal,
                                      .new_session = true,
                                      .held = true,
                                      .namespaces = options.namespaces});
  if (!process.ok()) return Annotate(process.status(), options.who);
  ready->ProgramStarted();
  const auto identity = IdentifyProcess(process->pid());
  if (!identity.ok()) return Annotate(identity.status(), options.who);
  if (absl::Status status = options.remember(*identity); !status.ok()) return status;
  if (absl::Status status = process->Release(); !status.ok()) {
    return Annotate(status, options.who);
  }
  return ServiceProgram(*std::move(process), *std::move(ready), options.who, options.log_file);
}

}  // namespace coppice
