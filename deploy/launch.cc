#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/called_as.h"
#include "deploy/cpu_binding.h"
#include "deploy/descriptor_wait.h"
#include "deploy/interruption.h"
#include "deploy/launch_command.h"
#include "deploy/launch_on_hosts.h"
#include "deploy/launch_options.h"
#include "deploy/launcher/allocation.h"
#include "deploy/local_service.h"
#include "deploy/node_warming.h"
#include "deploy/program_files.h"
#include "deploy/table.h"
#include "trace/trace_file.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;
constexpr uint32_t kLocalFanout = 2;

void Say(absl::string_view text) { fprintf(stderr, "launch: %s\n", AsCalled(text).c_str()); }

absl::Status Warm(const LaunchOptions& options, const LocalService& service,
                  const WaitLimits& limits) {
  auto program = FindProgram("deploy/warm");
  if (!program.ok()) return program.status();
  Say(absl::StrCat("warming ", service.nodes().size(), " nodes with ", options.warm));
  std::vector<NodeToWarm> nodes;
  for (size_t i = 0; i < service.nodes().size(); ++i) {
    const NodeRecord& node = service.nodes()[i];
    nodes.push_back({.name = node.name,
                     .mount_point = node.mount_point,
                     .namespaces = service.NamespacesOf(i),
                     .log_file = absl::StrCat(service.state_path(), "/", node.name, "/warm.log")});
  }
  return WarmNodes(nodes, {.program = *std::move(program), .trace = options.warm, .progress = Say},
                   limits);
}

absl::Status LaunchHere(const LaunchOptions& options, int interrupt_descriptor) {
  const WaitLimits limits = {.deadline = absl::Now() + options.timeout,
                             .interrupt_descriptor = interrupt_descriptor};
  if (!options.warm.empty()) {
    // Before anything is started.
    if (const auto trace = ReadTraceFile(options.warm); !trace.ok()) return trace.status();
  }
  if (!options.record.empty()) {
    if (absl::Status status = CheckTraceFile(options.record); !status.ok()) return status;
  }
  auto programs = FindPrograms();
  if (!programs.ok()) return programs.status();
  // The nodes' processes inherit it.
  const auto binding = CpuBinding::OfThisThread(options.cpus);
  if (!binding.ok()) return Annotate(binding.status(), "--cpus");
  auto service = LocalService::Start(
      {.state_root = options.state_root,
       .service = options.service.empty() ? "local" : options.service,
       .node_count = std::max<size_t>(options.nodes, 1),
       .mount_directory = options.mount,
       .fanout = options.fanout.value_or(kLocalFanout),
       .tree_count = std::min<uint32_t>(options.trees, std::max<size_t>(options.nodes, 1)),
       .programs = *std::move(programs),
       .peer_flags = PeerFlags(options),
       .client_flags = ClientFlags(options),
       .timeout = options.timeout,
       .interrupt_descriptor = interrupt_descriptor,
       .progress = Say});
  if (!service.ok()) return service.status();
  if (!options.warm.empty()) {
    if (absl::Status status = Warm(options, **service, limits); !status.ok()) return status;
  }
  Table table({"node", "mount", "unix socket", "TCP"}, /*align_left=*/true);
  for (const NodeRecord& node : (*service)->nodes()) {
    table.AddRow({node.name, node.mount_point, node.socket, node.address});
  }
  (*service)->Detach();
  fputs(table.Text().c_str(), stdout);
  Say(absl::StrCat("what is at ", options.export_root == "/" ? "" : options.export_root,
                   "/PATH is read through a mount as MOUNT/PATH; bazel run //deploy:stop ends it"));
  return absl::OkStatus();
}

int Fail(const absl::Status& status) {
  Say(status.message());
  return kExitFailure;
}

int Launch(const LaunchOptions& options) {
  const auto interruption = Interruption::Catch();
  if (!interruption.ok()) return Fail(interruption.status());
  if (options.nodes == 0) {
    const JobEnvironment environment = ReadJobEnvironment();
    const auto allocation = FindAllocation(HostsAskedFor(options), environment);
    if (!allocation.ok()) return Fail(allocation.status());
    if (allocation->has_value()) {
      return LaunchOnHosts(options, **allocation, environment, interruption->descriptor(), Say);
    }
  }
  const absl::Status launched = LaunchHere(options, interruption->descriptor());
  if (launched.ok()) return 0;
  Say(launched.message());
  Say("nothing was left running");
  return kExitFailure;
}

}  // namespace

int LaunchMain(const std::vector<std::string>& arguments) {
  const ParsedLaunch parsed = ParseLaunchOptions(arguments, FindLaunchSurroundings());
  if (!parsed.options.has_value()) return parsed.exit_code;
  return Launch(*parsed.options);
}

}  // namespace coppice
