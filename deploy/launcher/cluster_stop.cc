#include "deploy/launcher/cluster_stop.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "common/own_host_name.h"
#include "common/status.h"
#include "deploy/descriptor_wait.h"
#include "deploy/launcher/cluster_record.h"
#include "deploy/launcher/find_tool.h"
#include "deploy/launcher/host_outcomes.h"
#include "deploy/launcher/host_run.h"
#include "deploy/launcher/job_summary.h"
#include "deploy/launcher/node_job.h"
#include "deploy/pidfd.h"
#include "deploy/process_identity.h"
#include "deploy/tree_stop.h"
#include "tree_builder/tree_file.h"

namespace coppice {
namespace {

// How long a tool that stayed may take to see that all it ran has ended.
constexpr absl::Duration kToolEndMax = absl::Seconds(5);

void EndTools(const ClusterRecord& record) {
  if (record.tool_host.empty() || record.tool_host != OwnHostName()) return;
  std::vector<FileDescriptor> alive;
  for (const ProcessIdentity& tool : record.tools) {
    if (auto opened = OpenProcess(tool); opened.ok()) alive.push_back(*std::move(opened));
  }
  // All of them together, first by themselves and then by SIGTERM.
  for (const int signal : {SIGTERM, SIGKILL}) {
    const absl::Time deadline = absl::Now() + kToolEndMax;
    for (const FileDescriptor& tool : alive) {
      if (!WaitReadable({tool.get()}, {.deadline = deadline}).ok()) {
        SignalPidfd(tool.get(), signal);
      }
    }
  }
}

absl::Status RemoveTree(const std::string& tree_file) {
  if (unlink(tree_file.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("remove '", tree_file, "'"));
}

absl::Status WriteSummary(const StateDirectory& state, const JobSummary& summary,
                          const ClusterStopOptions& options) {
  const std::string path = JobSummaryFile(state);
  std::ofstream file(path, std::ios::trunc);
  file << JobSummaryText(summary) << std::flush;
  if (!file) return ErrnoStatus(errno > 0 ? errno : EIO, absl::StrCat("write '", path, "'"));
  options.progress(absl::StrCat(JobSummaryLine(summary), "; all of it is in ", path));
  return absl::OkStatus();
}

// Takes the hosts that have ended, and are clean, out of the record. What goes wrong is said, and
// leaves the hosts to the tool.
void EndByTree(const StateDirectory& state, const std::string& tree_file, const TreeFile& tree,
               ClusterRecord& record, absl::Time deadline, const ClusterStopOptions& options) {
  const Member& root = tree.members()[tree.trees().Root(0)];
  v1::StopRequest request;
  request.set_reason("the job has ended");
  request.set_tree_file(tree_file);
  auto stopped = StopByTree(root.addresses.front(), request, deadline);
  if (!stopped.ok()) {
    options.progress(absl::StrCat("the root ", root.name,
                                  " did not end it, so each host is asked (",
                                  stopped.status().message(), ")"));
    return;
  }
  const JobSummary summary = {.service = state.service(),
                              .job = record.job,
                              .hosts = record.hosts,
                              .ended_at = absl::Now(),
                              .stopped = *std::move(stopped)};
  if (absl::Status written = WriteSummary(state, summary, options); !written.ok()) {
    options.progress(written.message());
  }
  for (const std::string& failure : summary.stopped.failures()) options.progress(failure);
  const absl::flat_hash_set<std::string> ended = NodesEnded(summary.stopped);
  record.hosts.erase(
      std::remove_if(record.hosts.begin(), record.hosts.end(),
                     [&ended](const std::string& host) { return ended.contains(host); }),
      record.hosts.end());
}

// The hosts on which something may still run, with the reasons.
absl::StatusOr<std::map<std::string, std::string>> RunStop(const StateDirectory& state,
                                                           const ClusterRecord& record,
                                                           absl::Time deadline) {
  const char* path = getenv("PATH");
  const auto tool = FindTool(record.launcher, record.slurm_job, path == nullptr ? "" : path);
  if (!tool.ok()) return tool.status();
  if (absl::Status written =
          state.WriteFile(kClusterHostFile, absl::StrCat(absl::StrJoin(record.hosts, "\n"), "\n"));
      !written.ok()) {
    return written;
  }
  auto run = HostRun::Create(**tool,
                             {.arguments = {record.node_program, "stop", record.node_job},
                              .hosts = record.hosts,
                              .host_file = state.File(kClusterHostFile)},
                             state.File("stop-"));
  if (!run.ok()) return run.status();
  const absl::Status ended =
      (*run)->Run([](const HostOutcomes&) { return true; }, {.deadline = deadline});
  std::map<std::string, std::string> failed;
  const HostOutcomes& outcomes = (*run)->outcomes();
  for (const size_t host : outcomes.NotIn(NodeState::kStopped)) {
    const std::string& reason = outcomes[host].reason;
    failed[record.hosts[host]] = !reason.empty() ? reason : std::string(ended.message());
  }
  return failed;
}

}  // namespace

std::string JobSummaryFile(const StateDirectory& state) {
  return absl::StrCat(state.path(), ".summary.json");
}

absl::Status StopCluster(StateDirectory& state, const ClusterStopOptions& options) {
  const absl::Time begin = absl::Now();
  const auto text = state.ReadFile(kClusterRecordFile);
  if (!text.ok()) return text.status();
  auto record = ParseClusterRecord(*text);
  if (!record.ok()) return Annotate(record.status(), state.File(kClusterRecordFile));
  const auto job = ParseNodeJob(record->node_job);
  if (!job.ok()) return job.status();
  // Without one, an earlier stop was here.
  const auto tree = ReadTreeFile(job->tree_file);
  // First of all: a start that has not written itself down on its node yet sees that it is too late
  // when it has, and one that has is seen by the stop (node_keeper.cc).
  if (absl::Status ended = RemoveTree(job->tree_file); !ended.ok()) return ended;
  const size_t all = record->hosts.size();
  if (options.by_tree && tree.ok() && all > 0) {
    EndByTree(state, job->tree_file, *tree, *record,
              begin + std::min(kTreeStopMax, options.timeout / 2), options);
  }
  if (!record->hosts.empty()) {
    auto failed = RunStop(state, *record, begin + options.timeout);
    if (!failed.ok()) return failed.status();
    for (const std::string& host : options.in_doubt) failed->erase(host);
    for (const std::string& line : FoldReasons(*failed)) options.progress(line);
    record->hosts.clear();
    for (const auto& [host, reason] : *failed) record->hosts.push_back(host);
  }
  EndTools(*record);
  if (record->hosts.empty() || options.forget_lost) return state.Remove();
  if (absl::Status saved = state.WriteFile(kClusterRecordFile, ClusterRecordText(*record));
      !saved.ok()) {
    return saved;
  }
  return absl::UnavailableError(absl::StrCat(
      "ended on ", all - record->hosts.size(), " of ", all,
      " hosts; run stop again when the others can be reached, or with --forget when they never "
      "will be"));
}

}  // namespace coppice
