#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/descriptor_wait.h"
#include "deploy/launcher/cluster_record.h"
#include "deploy/launcher/cluster_service.h"
#include "deploy/launcher/find_tool.h"
#include "deploy/launcher/host_run.h"
#include "deploy/launcher/node_job.h"
#include "deploy/pidfd.h"
#include "deploy/process_identity.h"

namespace coppice {
namespace {

// How long a tool that stayed may take to see that all it ran has ended.
constexpr absl::Duration kToolEndMax = absl::Seconds(10);

void EndTools(const ClusterRecord& record) {
  char own[HOST_NAME_MAX + 1] = {};
  if (gethostname(own, HOST_NAME_MAX) != 0 || record.tool_host != own) return;
  const absl::Time deadline = absl::Now() + kToolEndMax;
  for (const ProcessIdentity& tool : record.tools) {
    const auto opened = OpenProcess(tool);
    if (!opened.ok()) continue;
    if (WaitReadable({opened->get()}, {.deadline = deadline}).ok()) continue;
    SignalPidfd(opened->get(), SIGTERM);
    if (WaitReadable({opened->get()}, {.deadline = absl::Now() + kToolEndMax}).ok()) continue;
    SignalPidfd(opened->get(), SIGKILL);
  }
}

absl::Status RemoveTree(const ClusterRecord& record) {
  const auto job = ParseNodeJob(record.node_job);
  if (!job.ok()) return job.status();
  if (unlink(job->tree_file.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("remove '", job->tree_file, "'"));
}

// The hosts on which something may still run, with the reasons.
absl::StatusOr<std::map<std::string, std::string>> RunStop(const StateDirectory& state,
                                                           const ClusterRecord& record,
                                                           const ClusterStopOptions& options) {
  const char* path = getenv("PATH");
  const auto tool = FindTool(record.launcher, record.slurm_job, path == nullptr ? "" : path);
  if (!tool.ok()) return tool.status();
  constexpr absl::string_view kHostFile = "hosts";
  if (absl::Status written =
          state.WriteFile(kHostFile, absl::StrCat(absl::StrJoin(record.hosts, "\n"), "\n"));
      !written.ok()) {
    return written;
  }
  auto run = HostRun::Create(**tool,
                             {.arguments = {record.node_program, "stop", record.node_job},
                              .hosts = record.hosts,
                              .host_file = state.File(kHostFile)},
                             state.File("stop-"));
  if (!run.ok()) return run.status();
  const absl::Status ended = (*run)->Run([](const HostOutcomes&) { return true; },
                                         {.deadline = absl::Now() + options.timeout});
  std::map<std::string, std::string> failed;
  const HostOutcomes& outcomes = (*run)->outcomes();
  for (const size_t host : outcomes.NotIn(NodeState::kStopped)) {
    const std::string& reason = outcomes[host].reason;
    failed[record.hosts[host]] = !reason.empty() ? reason : std::string(ended.message());
  }
  return failed;
}

}  // namespace

absl::Status StopCluster(StateDirectory& state, const ClusterStopOptions& options) {
  const auto text = state.ReadFile(kClusterRecordFile);
  if (!text.ok()) return text.status();
  auto record = ParseClusterRecord(*text);
  if (!record.ok()) return Annotate(record.status(), state.File(kClusterRecordFile));
  // First of all: a start that has not written itself down on its node yet sees that it is too late
  // when it has, and one that has is seen by the stop (node_service.cc).
  if (absl::Status ended = RemoveTree(*record); !ended.ok()) return ended;
  if (!record->hosts.empty()) {
    const auto failed = RunStop(state, *record, options);
    if (!failed.ok()) return failed.status();
    EndTools(*record);
    for (const std::string& line : FoldReasons(*failed)) options.progress(line);
    if (!failed->empty() && !options.forget_lost) {
      const size_t all = record->hosts.size();
      record->hosts.clear();
      for (const auto& [host, reason] : *failed) record->hosts.push_back(host);
      if (absl::Status saved = state.WriteFile(kClusterRecordFile, ClusterRecordText(*record));
          !saved.ok()) {
        return saved;
      }
      return absl::UnavailableError(absl::StrCat(
          "ended on ", all - failed->size(), " of ", all,
          " hosts; run stop again when the others can be reached, or with --forget when they never "
          "will be"));
    }
  }
  return state.Remove();
}

}  // namespace coppice
