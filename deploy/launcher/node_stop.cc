#include "deploy/launcher/node_stop.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/descriptor_wait.h"
#include "deploy/launcher/node_checks.h"
#include "deploy/pidfd.h"
#include "deploy/process_identity.h"
#include "deploy/service_record.h"
#include "deploy/service_stop.h"
#include "deploy/state_directory.h"

namespace coppice {
namespace {

// For the keeper to end what it started; it is killed then.
constexpr absl::Duration kKeeperEndMax = absl::Seconds(25);

// What is out of the ordinary has no reader here: the one line of the node is all that is said.
void Ignore(absl::string_view) {}

// The keeper of the service, when it is alive.
std::optional<FileDescriptor> FindKeeper(const NodeJob& job) {
  const auto text = StateDirectory::Peek(job.node_root, job.service, kServiceRecordFile);
  if (!text.ok()) return std::nullopt;
  const auto record = ParseServiceRecord(*text);
  if (!record.ok()) return std::nullopt;
  for (const ProcessRecord& process : record->processes) {
    if (process.role != ProcessRole::kStarter || process.identity.pid == getpid()) continue;
    if (auto opened = OpenProcess(process.identity); opened.ok()) return *std::move(opened);
  }
  return std::nullopt;
}

}  // namespace

absl::Status StopNode(const NodeJob& job) {
  if (const auto keeper = FindKeeper(job); keeper.has_value()) {
    SignalPidfd(keeper->get(), SIGTERM);
    const auto ended = WaitReadable({keeper->get()}, {.deadline = absl::Now() + kKeeperEndMax});
    if (!ended.ok()) SignalPidfd(keeper->get(), SIGKILL);
  }
  auto state = StateDirectory::Open(job.node_root, job.service);
  absl::Status stopped = absl::OkStatus();
  if (state.ok()) {
    stopped = StopService(*state, {.progress = Ignore});
  } else if (StatusErrno(state.status()) != ENOENT) {
    stopped = state.status();
  }
  if (!stopped.ok()) return stopped;
  // One that was left by a node whose state is lost, as after a restart of /tmp.
  return RemoveDeadMount(job.mount);
}

}  // namespace coppice
