// Chooses the launcher tool: the one that --launcher names, or for "auto" what fits: srun inside a
// Slurm allocation, else the first of clush, pdsh, mpiexec and ssh that is installed. Looks along
// PATH and asks mpiexec for its version; blocks for that, shortly. Thread-safe.
#ifndef COPPICE_DEPLOY_LAUNCHER_FIND_TOOL_H_
#define COPPICE_DEPLOY_LAUNCHER_FIND_TOOL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "deploy/launcher/launcher_tool.h"

namespace coppice {

// What --launcher may be, "auto" first.
const std::vector<std::string>& LauncherNames();

// `slurm_job`: the number of the Slurm allocation; empty: there is none. `search_path`: as PATH.
// NOT_FOUND names what is missing and the way out.
absl::StatusOr<std::unique_ptr<LauncherTool>> FindTool(const std::string& launcher,
                                                       const std::string& slurm_job,
                                                       const std::string& search_path);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_FIND_TOOL_H_
