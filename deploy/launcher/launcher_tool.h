// A tool that runs a command on many hosts: srun, clush, pdsh, mpiexec, ssh. It does the fan-out;
// what it is told and what its output means is ours. Pure: knows command lines, starts nothing.
// Thread-safe.
#ifndef COPPICE_DEPLOY_LAUNCHER_LAUNCHER_TOOL_H_
#define COPPICE_DEPLOY_LAUNCHER_LAUNCHER_TOOL_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace coppice {

// What is to be run, once on each host.
struct HostCommand {
  // The first is an absolute path.
  std::vector<std::string> arguments;
  // At least one.
  std::vector<std::string> hosts;
  // Has the hosts, one a line: on the machine that runs the tool; absolute.
  std::string host_file;
  // For connecting to one host, whole seconds.
  int connect_seconds_max = 10;
};

// One process of the tool.
struct ToolProcess {
  std::vector<std::string> arguments;
  // Added to our environment, as NAME=VALUE.
  std::vector<std::string> environment;
  // The hosts that it serves, by their index in HostCommand::hosts.
  std::vector<size_t> hosts;
};

class LauncherTool {
 public:
  virtual ~LauncherTool() = default;

  // As --launcher has it.
  virtual absl::string_view name() const = 0;
  // The tool takes what it started with it when it ends: it has to run for as long as the service.
  virtual bool must_stay() const = 0;
  // Together they serve every host once.
  virtual std::vector<ToolProcess> Processes(const HostCommand& command) const = 0;
};

enum class MpiKind { kHydra, kOpenMpi, kPals };

// `program`: the tool's absolute path.
std::unique_ptr<LauncherTool> MakeSshTool(std::string program);
std::unique_ptr<LauncherTool> MakeClushTool(std::string program);
std::unique_ptr<LauncherTool> MakePdshTool(std::string program);
// `job_id`: of the allocation, for use from outside of it; empty: the one that we are in.
std::unique_ptr<LauncherTool> MakeSrunTool(std::string program, std::string job_id);
std::unique_ptr<LauncherTool> MakeMpiexecTool(std::string program, MpiKind kind);
// No tool: the command runs on this machine, whatever the host is called.
std::unique_ptr<LauncherTool> MakeLocalTool();

// What `mpiexec --version` says is this; Hydra when it says nothing that we know, since Intel's and
// other descendants of MPICH understand its options.
MpiKind MpiKindOf(absl::string_view version_text);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_LAUNCHER_TOOL_H_
