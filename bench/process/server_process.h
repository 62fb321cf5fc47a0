// A program of ours that serves until it is told to stop, and says on --ready_fd when it does so.
// Not thread-safe.
#ifndef COPPICE_BENCH_PROCESS_SERVER_PROCESS_H_
#define COPPICE_BENCH_PROCESS_SERVER_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/bench_context.h"
#include "deploy/child_process.h"

namespace coppice {

class ServerProcess {
 public:
  // `arguments` without --ready_fd. Returns once it is ready; errors name `who` and end with the
  // last lines of the log. It is told to stop when we end, however we do.
  static absl::StatusOr<ServerProcess> Start(const std::string& who,
                                             std::vector<std::string> arguments,
                                             const std::string& log_file,
                                             const BenchContext& context);

  ServerProcess(ServerProcess&&) = default;
  ServerProcess& operator=(ServerProcess&&) = default;
  // Stops it, and waits for that.
  ~ServerProcess();

  pid_t pid() const { return process_.pid(); }

 private:
  explicit ServerProcess(ChildProcess process) : process_(std::move(process)) {}

  ChildProcess process_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_PROCESS_SERVER_PROCESS_H_
