#include "deploy/launch_on_hosts.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "deploy/launcher/cluster_service.h"
#include "deploy/launcher/cluster_trees.h"
#include "deploy/launcher/find_tool.h"
#include "deploy/launcher/host_outcomes.h"
#include "deploy/program_files.h"
#include "deploy/state_directory.h"
#include "trace/trace_file.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;
constexpr int kExitPartial = 3;

absl::StatusOr<ClusterStarted> Start(const LaunchOptions& options, const Allocation& allocation,
                                     const JobEnvironment& environment, int interrupt_descriptor,
                                     const std::function<void(absl::string_view)>& say) {
  auto programs = FindPrograms();
  if (!programs.ok()) return programs.status();
  auto node_program = FindProgram("deploy/coppice_node");
  if (!node_program.ok()) return node_program.status();
  std::string warm;
  if (!options.warm.empty()) {
    // Before anything is started.
    if (const auto trace = ReadTraceFile(options.warm); !trace.ok()) return trace.status();
    auto warm_program = FindProgram("deploy/warm");
    if (!warm_program.ok()) return warm_program.status();
    warm = *std::move(warm_program);
  }
  const char* path = getenv("PATH");
  const auto tool = FindTool(options.launcher, environment.slurm_job, path == nullptr ? "" : path);
  if (!tool.ok()) return tool.status();
  if ((*tool)->name() == "local" && allocation.members.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--launcher=local is for one host; ", allocation.source, " has several"));
  }
  ClusterSwitches switches;
  if (!options.topology.empty()) {
    auto read = ReadClusterSwitches(options.topology, allocation.members);
    if (!read.ok()) return read.status();
    switches = *std::move(read);
    if (!switches.warning.empty()) say(switches.warning);
  }
  const std::string job_service = allocation.job.empty() ? "hosts" : allocation.job;
  return StartCluster(
      **tool, {.state_root = options.state_root.empty() ? DefaultClusterRoot() : options.state_root,
               .service = options.service.empty() ? job_service : options.service,
               .members = allocation.members,
               .switches = std::move(switches.layout),
               .fanout = options.fanout,
               .trees = options.trees,
               .job = allocation.job,
               .slurm_job = environment.slurm_job,
               .node_program = *std::move(node_program),
               .node_job = {.node_root = StateDirectory::DefaultRoot(),
                            .mount = options.mount,
                            .peer_server = programs->peer_server,
                            .fuse_client = programs->fuse_client,
                            .peer_flags = PeerFlags(options),
                            .client_flags = ClientFlags(options),
                            .cpus = options.cpus,
                            .recording = options.warm,
                            .warm = warm},
               .timeout = options.timeout,
               .nodes_min = options.nodes_min == 0 ? allocation.members.size() : options.nodes_min,
               .interrupt_descriptor = interrupt_descriptor,
               .progress = say});
}

}  // namespace

AllocationOptions HostsAskedFor(const LaunchOptions& options) {
  return {.hosts = options.hosts,
          .host_file = options.host_file,
          .addresses =
              options.addresses.empty() ? absl::StrCat("%h:", options.port) : options.addresses};
}

int LaunchOnHosts(const LaunchOptions& options, const Allocation& allocation,
                  const JobEnvironment& environment, int interrupt_descriptor,
                  const std::function<void(absl::string_view)>& say) {
  if (!options.record.empty()) {
    say("--record is for this machine alone; add --local=1 to record there");
    return kExitUsage;
  }
  if (options.nodes_min > allocation.members.size()) {
    say(absl::StrCat("--min-nodes=", options.nodes_min, ", but ", allocation.source, " has ",
                     allocation.members.size(), " hosts"));
    return kExitUsage;
  }
  say(absl::StrCat(allocation.members.size(), " hosts from ", allocation.source));
  const auto started = Start(options, allocation, environment, interrupt_descriptor, say);
  if (!started.ok()) {
    say(started.status().message());
    return kExitFailure;
  }
  for (const std::string& line : FoldReasons(started->failed)) say(line);
  say(
      absl::StrFormat("%d/%d %s in %.1f s: %s/PATH is read as %s/PATH on each; "
                      "bazel run //deploy:stop ends it",
                      started->ready, allocation.members.size(),
                      options.warm.empty() ? "ready" : "warm", absl::ToDoubleSeconds(started->time),
                      options.export_root == "/" ? "" : options.export_root, options.mount));
  return started->failed.empty() ? 0 : kExitPartial;
}

}  // namespace coppice
