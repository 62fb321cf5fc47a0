#include "deploy/launcher/find_tool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "common/search_path.h"
#include "deploy/child_process.h"

namespace coppice {
namespace {

constexpr absl::Duration kVersionMax = absl::Seconds(10);
constexpr size_t kVersionBytesMax = 4096;

// What it prints; empty when it does not answer, which then shows when it is used.
std::string VersionText(const std::string& program) {
  const FileDescriptor output(memfd_create("version", MFD_CLOEXEC));
  auto child = ChildProcess::Start({.arguments = {program, "--version"},
                                    .environment = OwnEnvironment(),
                                    .log_file = "/dev/null",
                                    .standard_output = output.get(),
                                    .new_session = true});
  if (!child.ok() || !child->Wait({.deadline = absl::Now() + kVersionMax}).ok()) return "";
  std::string text(kVersionBytesMax, '\0');
  const ssize_t count = pread(output.get(), text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return text;
}

std::unique_ptr<LauncherTool> MakeTool(const std::string& name, const std::string& program,
                                       const std::string& slurm_job) {
  if (name == "srun") return MakeSrunTool(program, slurm_job);
  if (name == "clush") return MakeClushTool(program);
  if (name == "pdsh") return MakePdshTool(program);
  if (name == "mpiexec") return MakeMpiexecTool(program, MpiKindOf(VersionText(program)));
  return MakeSshTool(program);
}

}  // namespace

const std::vector<std::string>& LauncherNames() {
  static const auto* const kNames =
      new std::vector<std::string>{"auto", "srun", "clush", "pdsh", "mpiexec", "ssh", "local"};
  return *kNames;
}

absl::StatusOr<std::unique_ptr<LauncherTool>> FindTool(const std::string& launcher,
                                                       const std::string& slurm_job,
                                                       const std::string& search_path) {
  if (launcher == "local") return MakeLocalTool();
  std::vector<std::string> wanted = {launcher};
  if (launcher == "auto") {
    wanted = {"clush", "pdsh", "mpiexec", "ssh"};
    if (!slurm_job.empty()) wanted.insert(wanted.begin(), "srun");
  }
  for (const std::string& name : wanted) {
    const std::string program = FindOnSearchPath(name, search_path);
    if (!program.empty()) return MakeTool(name, program, slurm_job);
  }
  return absl::NotFoundError(absl::StrCat("none of ", absl::StrJoin(wanted, ", "),
                                          " is installed on this machine (PATH=", search_path,
                                          "); load its module, or choose another --launcher"));
}

}  // namespace coppice
