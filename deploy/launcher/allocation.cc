#include "deploy/launcher/allocation.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "tree_builder/host_list.h"
#include "tree_builder/read_text.h"

namespace coppice {
namespace {

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<Allocation> FromText(const std::string& source, const std::string& text,
                                    const std::string& addresses, std::string job) {
  auto members = ParseHostList(text, addresses);
  if (!members.ok()) return Annotate(members.status(), source);
  return Allocation{source, std::move(job), *std::move(members)};
}

absl::StatusOr<Allocation> FromFile(const std::string& source, const std::string& path,
                                    const std::string& addresses, std::string job) {
  const auto text = ReadTextFile(path);
  if (!text.ok()) {
    // A job has its node file on its first node only.
    return Annotate(text.status(), absl::StrCat(source, " (is this the job's first node?)"));
  }
  return FromText(source, *text, addresses, std::move(job));
}

}  // namespace

JobEnvironment ReadJobEnvironment() {
  return {.pbs_nodefile = Variable("PBS_NODEFILE"),
          .pbs_job = Variable("PBS_JOBID"),
          .slurm_nodelist = Variable("SLURM_JOB_NODELIST"),
          .slurm_job = Variable("SLURM_JOB_ID")};
}

std::string JobName(const JobEnvironment& environment) {
  if (!environment.slurm_job.empty()) return absl::StrCat("slurm-", environment.slurm_job);
  std::string number;
  // "123.server" and, of an array, "123[4].server".
  for (const char character : environment.pbs_job) {
    if (character == '.') break;
    if (absl::ascii_isalnum(character)) number.push_back(character);
    if (character == '[') number.push_back('_');
  }
  return number.empty() ? "" : absl::StrCat("pbs-", number);
}

absl::StatusOr<std::optional<Allocation>> FindAllocation(const AllocationOptions& options,
                                                         const JobEnvironment& environment) {
  const std::string job = JobName(environment);
  if (!options.hosts.empty()) return FromText("--hosts", options.hosts, options.addresses, job);
  if (!options.host_file.empty()) {
    return FromFile("--hostfile", options.host_file, options.addresses, job);
  }
  if (!environment.pbs_nodefile.empty()) {
    return FromFile("$PBS_NODEFILE", environment.pbs_nodefile, options.addresses, job);
  }
  if (!environment.slurm_nodelist.empty()) {
    return FromText("$SLURM_JOB_NODELIST", environment.slurm_nodelist, options.addresses, job);
  }
  return std::nullopt;
}

}  // namespace coppice
