#include "bench/process/cpu_clock.h"

#include <unistd.h>

#include "bench/process_costs.h"

namespace coppice {

absl::StatusOr<absl::Duration> CpuTime(const std::vector<pid_t>& pids) {
  absl::Duration sum;
  for (const pid_t pid : pids) {
    const absl::StatusOr<ProcessCosts> costs = ReadProcessCosts(pid);
    if (!costs.ok()) return costs.status();
    sum += costs->cpu;
  }
  return sum;
}

absl::StatusOr<absl::Duration> CpuTimeWithOwn(const std::vector<pid_t>& pids) {
  std::vector<pid_t> all = pids;
  all.push_back(getpid());
  return CpuTime(all);
}

}  // namespace coppice
