// Runs a command on many hosts by a launcher tool and takes in what they say, line by line, until
// every host is settled (host_outcomes.h), the caller has seen enough, or the limits end it.
//
// A tool's output goes to a file, of which we are told by inotify(7): the tool may outlive us, and
// must not die of a pipe that nobody reads. At most kToolProcessesMax run at once. Not thread-safe;
// start from the main thread (child_process.h says why).
#ifndef COPPICE_DEPLOY_LAUNCHER_HOST_RUN_H_
#define COPPICE_DEPLOY_LAUNCHER_HOST_RUN_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "deploy/child_process.h"
#include "deploy/descriptor_wait.h"
#include "deploy/launcher/host_outcomes.h"
#include "deploy/launcher/launcher_tool.h"

namespace coppice {

inline constexpr size_t kToolProcessesMax = 64;

class HostRun {
 public:
  // Each process that runs has a file, whose path is `output_prefix`, the tool and a number; it is
  // removed again when the process ends.
  static absl::StatusOr<std::unique_ptr<HostRun>> Create(const LauncherTool& tool,
                                                         HostCommand command,
                                                         std::string output_prefix);

  // Ends what still runs, unless it was detached.
  virtual ~HostRun() = default;

  // Is told after each change of the outcomes; false: that is enough.
  using OnChange = std::function<bool(const HostOutcomes&)>;
  // OK when every host is settled or `on_change` had enough; DEADLINE_EXCEEDED, CANCELLED.
  virtual absl::Status Run(const OnChange& on_change, const WaitLimits& limits) = 0;

  virtual const HostOutcomes& outcomes() const = 0;
  // Those that run now.
  virtual std::vector<pid_t> processes() const = 0;
  // Leaves them running.
  virtual void Detach() = 0;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_HOST_RUN_H_
