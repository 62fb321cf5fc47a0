#include "deploy/launcher/launcher_tool.h"

#include <numeric>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "deploy/shell_word.h"

namespace coppice {
namespace {

// Connections that clush and pdsh hold at once.
constexpr int kFanOut = 64;

std::vector<size_t> AllHosts(const HostCommand& command) {
  std::vector<size_t> all(command.hosts.size());
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

std::string ShellCommand(const std::vector<std::string>& arguments) {
  return absl::StrJoin(arguments, " ", [](std::string* text, const std::string& argument) {
    text->append(ShellWord(argument));
  });
}

ToolProcess One(std::vector<std::string> options, const std::vector<std::string>& command,
                const HostCommand& whole) {
  options.insert(options.end(), command.begin(), command.end());
  return {.arguments = std::move(options), .hosts = AllHosts(whole)};
}

// Returns when the node has said its line: what is started there has a session of its own, which
// sshd does not end.
class SshTool final : public LauncherTool {
 public:
  explicit SshTool(std::string program) : program_(std::move(program)) {}
  absl::string_view name() const override { return "ssh"; }
  bool must_stay() const override { return false; }

  std::vector<ToolProcess> Processes(const HostCommand& command) const override {
    std::vector<ToolProcess> processes;
    for (size_t i = 0; i < command.hosts.size(); ++i) {
      std::vector<std::string> arguments = command.arguments;
      // Its name in the tree, whatever it calls itself.
      arguments.push_back(absl::StrCat("--host=", command.hosts[i]));
      processes.push_back(
          {.arguments = {program_, "-n", "-T", "-x", "-oBatchMode=yes",
                         absl::StrCat("-oConnectTimeout=", command.connect_seconds_max), "--",
                         command.hosts[i], ShellCommand(arguments)},
           .hosts = {i}});
    }
    return processes;
  }

 private:
  const std::string program_;
};

// As ssh, which it uses.
class ClushTool final : public LauncherTool {
 public:
  explicit ClushTool(std::string program) : program_(std::move(program)) {}
  absl::string_view name() const override { return "clush"; }
  bool must_stay() const override { return false; }

  std::vector<ToolProcess> Processes(const HostCommand& command) const override {
    return {
        One({program_, "--color=never", "--nostdin", absl::StrCat("--fanout=", kFanOut),
             absl::StrCat("--connect_timeout=", command.connect_seconds_max), "--command_timeout=0",
             "--options=-oBatchMode=yes", absl::StrCat("--hostfile=", command.host_file)},
            {ShellCommand(command.arguments)}, command)};
  }

 private:
  const std::string program_;
};

// As ssh, which it is told to use: Debian's default is rsh.
class PdshTool final : public LauncherTool {
 public:
  explicit PdshTool(std::string program) : program_(std::move(program)) {}
  absl::string_view name() const override { return "pdsh"; }
  bool must_stay() const override { return false; }

  std::vector<ToolProcess> Processes(const HostCommand& command) const override {
    ToolProcess process =
        One({program_, "-R", "ssh", "-f", absl::StrCat(kFanOut), "-t",
             absl::StrCat(command.connect_seconds_max), "-w", absl::StrCat("^", command.host_file)},
            {ShellCommand(command.arguments)}, command);
    process.environment = {"PDSH_SSH_ARGS_APPEND=-oBatchMode=yes"};
    return {std::move(process)};
  }

 private:
  const std::string program_;
};

// A step's processes end with the step, sessions of their own or not, so the step stays. It shares
// the allocation with the steps of the job itself (--overlap, no memory of its own), and neither
// the failure of one node nor the end of one task may end the others.
class SrunTool final : public LauncherTool {
 public:
  SrunTool(std::string program, std::string job_id)
      : program_(std::move(program)), job_id_(std::move(job_id)) {}
  absl::string_view name() const override { return "srun"; }
  bool must_stay() const override { return true; }

  std::vector<ToolProcess> Processes(const HostCommand& command) const override {
    const size_t count = command.hosts.size();
    std::vector<std::string> start = {program_};
    if (!job_id_.empty()) start.push_back(absl::StrCat("--jobid=", job_id_));
    ToolProcess process =
        One({"--overlap", absl::StrCat("--nodes=", count), absl::StrCat("--ntasks=", count),
             "--ntasks-per-node=1",
             // With a slash in it, the list is a file.
             absl::StrCat("--nodelist=", command.host_file), "--cpus-per-task=1", "--mem=0",
             "--cpu-bind=none", "--input=none", "--label", "--unbuffered", "--no-kill",
             "--kill-on-bad-exit=0", "--wait=0", "--export=ALL", "--job-name=coppice"},
            command.arguments, command);
    process.arguments.insert(process.arguments.begin(), start.begin(), start.end());
    return {std::move(process)};
  }

 private:
  const std::string program_;
  const std::string job_id_;
};

// The process manager of a machine may clean the node up behind it, so it stays.
class MpiexecTool final : public LauncherTool {
 public:
  MpiexecTool(std::string program, MpiKind kind) : program_(std::move(program)), kind_(kind) {}
  absl::string_view name() const override { return "mpiexec"; }
  bool must_stay() const override { return true; }

  std::vector<ToolProcess> Processes(const HostCommand& command) const override {
    const std::string count = absl::StrCat(command.hosts.size());
    switch (kind_) {
      case MpiKind::kOpenMpi: {
        ToolProcess process = One({program_, "--hostfile", command.host_file, "-n", count, "-N",
                                   "1", "--allow-run-as-root", "--bind-to", "none", "--mca",
                                   "orte_abort_on_non_zero_status", "0"},
                                  command.arguments, command);
        // It starts nobody before it has reached all, so a host that drops what is sent to it would
        // cost the whole launch. Where it does not use ssh, this is nothing; a user's own stays.
        process.environment = {
            absl::StrCat("OMPI_MCA_plm_rsh_args=-oBatchMode=yes -oConnectTimeout=",
                         command.connect_seconds_max)};
        return {std::move(process)};
      }
      case MpiKind::kPals:
        return {One({program_, "--hostfile", command.host_file, "-n", count, "--ppn", "1",
                     "--cpu-bind", "none"},
                    command.arguments, command)};
      case MpiKind::kHydra:
        break;
    }
    return {One({program_, "-f", command.host_file, "-n", count, "-ppn", "1"}, command.arguments,
                command)};
  }

 private:
  const std::string program_;
  const MpiKind kind_;
};

class LocalTool final : public LauncherTool {
 public:
  absl::string_view name() const override { return "local"; }
  bool must_stay() const override { return false; }

  std::vector<ToolProcess> Processes(const HostCommand& command) const override {
    std::vector<ToolProcess> processes;
    for (size_t i = 0; i < command.hosts.size(); ++i) {
      ToolProcess process = {.arguments = command.arguments, .hosts = {i}};
      process.arguments.push_back(absl::StrCat("--host=", command.hosts[i]));
      processes.push_back(std::move(process));
    }
    return processes;
  }
};

}  // namespace

std::unique_ptr<LauncherTool> MakeSshTool(std::string program) {
  return std::make_unique<SshTool>(std::move(program));
}
std::unique_ptr<LauncherTool> MakeClushTool(std::string program) {
  return std::make_unique<ClushTool>(std::move(program));
}
std::unique_ptr<LauncherTool> MakePdshTool(std::string program) {
  return std::make_unique<PdshTool>(std::move(program));
}
std::unique_ptr<LauncherTool> MakeSrunTool(std::string program, std::string job_id) {
  return std::make_unique<SrunTool>(std::move(program), std::move(job_id));
}
std::unique_ptr<LauncherTool> MakeMpiexecTool(std::string program, MpiKind kind) {
  return std::make_unique<MpiexecTool>(std::move(program), kind);
}
std::unique_ptr<LauncherTool> MakeLocalTool() { return std::make_unique<LocalTool>(); }

MpiKind MpiKindOf(absl::string_view version_text) {
  const std::string lower = absl::AsciiStrToLower(version_text);
  if (absl::StrContains(lower, "open mpi") || absl::StrContains(lower, "openrte")) {
    return MpiKind::kOpenMpi;
  }
  if (absl::StrContains(lower, "pals")) return MpiKind::kPals;
  return MpiKind::kHydra;
}

}  // namespace coppice
