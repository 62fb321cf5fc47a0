// The hosts of a job: from the command line, or from the batch system that we are in. Reads files,
// starts nothing. Thread-safe.
#ifndef COPPICE_DEPLOY_LAUNCHER_ALLOCATION_H_
#define COPPICE_DEPLOY_LAUNCHER_ALLOCATION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tree_builder/member.h"

namespace coppice {

// What batch systems tell a job in its environment; empty where they do not.
struct JobEnvironment {
  std::string pbs_nodefile;    // PBS_NODEFILE: a file with a line for each rank
  std::string pbs_job;         // PBS_JOBID
  std::string slurm_nodelist;  // SLURM_JOB_NODELIST: a host expression
  std::string slurm_job;       // SLURM_JOB_ID
};

// That of this process.
JobEnvironment ReadJobEnvironment();

struct Allocation {
  // Where the hosts were found, for messages: "$PBS_NODEFILE".
  std::string source;
  // "slurm-77" or "pbs-123": names the service of the job. Empty outside of a batch system.
  std::string job;
  std::vector<Member> members;
};

struct AllocationOptions {
  // A host expression, and a file of them; both empty: the batch system's.
  std::string hosts;
  std::string host_file;
  // Of each host, as ParseHostList takes them.
  std::string addresses;
};

// "slurm-77", "pbs-123" or nothing: what fits into the name of a service.
std::string JobName(const JobEnvironment& environment);

// None when there is neither an option nor a batch system. INVALID_ARGUMENT names the source, the
// line and what is wrong with it.
absl::StatusOr<std::optional<Allocation>> FindAllocation(const AllocationOptions& options,
                                                         const JobEnvironment& environment);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_ALLOCATION_H_
