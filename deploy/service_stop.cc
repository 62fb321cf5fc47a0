#include "deploy/service_stop.h"

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/descriptor_wait.h"
#include "deploy/mount_directory.h"
#include "deploy/pidfd.h"
#include "deploy/process_identity.h"

namespace coppice {
namespace {

constexpr absl::Duration kKillWaitMax = absl::Seconds(5);

// One ending of one service.
class Ending {
 public:
  Ending(const ServiceRecord& record, const StopOptions& options)
      : record_(record), options_(options) {}

  void Unmount() {
    if (record_.mounts_are_private) return;
    for (const NodeRecord& node : record_.nodes) {
      const auto outcome = UnmountCoppice(node.mount_point);
      if (!outcome.ok()) {
        failures_.push_back(absl::StrCat(node.name, ": ", outcome.status().message()));
      } else if (*outcome == UnmountOutcome::kDetached) {
        options_.progress(absl::StrCat(node.name, ": ", node.mount_point,
                                       " is in use; it was detached, and the processes that "
                                       "still use it lose it now"));
      }
    }
  }

  void EndProcesses(ProcessRole role) {
    std::vector<std::pair<const ProcessRecord*, FileDescriptor>> alive;
    for (const ProcessRecord& process : record_.processes) {
      if (process.role != role) continue;
      auto opened = OpenProcess(process.identity);
      if (opened.ok()) {
        alive.emplace_back(&process, *std::move(opened));
      } else if (opened.status().code() != absl::StatusCode::kNotFound) {
        failures_.push_back(absl::StrCat(Who(process), ": ", opened.status().message()));
      }
    }
    // PID 1 of a node has nothing to clean up, and ignores everything but SIGKILL.
    const bool kill_at_once = role == ProcessRole::kNode;
    for (const auto& [process, pidfd] : alive) {
      SignalPidfd(pidfd.get(), kill_at_once ? SIGKILL : SIGTERM);
    }
    const absl::Time deadline = absl::Now() + (kill_at_once ? kKillWaitMax : options_.grace);
    for (const auto& [process, pidfd] : alive) {
      if (WaitReadable({pidfd.get()}, {.deadline = deadline}).ok()) {
        ReapIfOurs(pidfd);
        continue;
      }
      options_.progress(absl::StrCat(Who(*process), " did not end in ",
                                     absl::FormatDuration(options_.grace), "; killing it"));
      SignalPidfd(pidfd.get(), SIGKILL);
      if (!WaitReadable({pidfd.get()}, {.deadline = absl::Now() + kKillWaitMax}).ok()) {
        failures_.push_back(absl::StrCat(Who(*process), " cannot be killed"));
      }
      ReapIfOurs(pidfd);
    }
  }

  absl::Status Result() const {
    if (failures_.empty()) return absl::OkStatus();
    return absl::UnavailableError(absl::StrJoin(failures_, "; "));
  }

 private:
  // A node's PID 1 ends only when no process of the node is left, not even as a zombie. For
  // processes of others this does nothing.
  static void ReapIfOurs(const FileDescriptor& pidfd) {
    siginfo_t info = {};
    waitid(P_PIDFD, pidfd.get(), &info, WEXITED | WNOHANG);
  }

  static std::string Who(const ProcessRecord& process) {
    return absl::StrCat(process.node, ": ", RoleName(process.role), " (process ",
                        process.identity.pid, ")");
  }

  const ServiceRecord& record_;
  const StopOptions& options_;
  std::vector<std::string> failures_;
};

}  // namespace

absl::Status StopService(StateDirectory& state, const StopOptions& options) {
  const auto text = state.ReadFile(kServiceRecordFile);
  // Its launch died before it had started anything.
  if (!text.ok() && StatusErrno(text.status()) == ENOENT) return state.Remove();
  if (!text.ok()) return text.status();
  const auto record = ParseServiceRecord(*text);
  if (!record.ok()) return Annotate(record.status(), state.File(kServiceRecordFile));

  Ending ending(*record, options);
  ending.Unmount();
  ending.EndProcesses(ProcessRole::kClient);
  // A client that had to be killed leaves a dead mount.
  ending.Unmount();
  if (!options.spare_peers) ending.EndProcesses(ProcessRole::kPeer);
  ending.EndProcesses(ProcessRole::kNode);
  if (absl::Status ended = ending.Result(); !ended.ok()) {
    return Annotate(ended, absl::StrCat("service ", state.service()));
  }
  RemoveMadeDirectories(record->made_directories);
  return options.keep_state ? absl::OkStatus() : state.Remove();
}

size_t CountRunning(const ServiceRecord& record) {
  return std::count_if(
      record.processes.begin(), record.processes.end(),
      [](const ProcessRecord& process) { return OpenProcess(process.identity).ok(); });
}

}  // namespace coppice
