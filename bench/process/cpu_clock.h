// The CPU time of several processes together. Thread-safe: a function without state.
#ifndef COPPICE_BENCH_PROCESS_CPU_CLOCK_H_
#define COPPICE_BENCH_PROCESS_CPU_CLOCK_H_

#include <sys/types.h>

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace coppice {

// Of those processes, since each was started. NOT_FOUND names one that is gone.
absl::StatusOr<absl::Duration> CpuTime(const std::vector<pid_t>& pids);
// The same, with our own.
absl::StatusOr<absl::Duration> CpuTimeWithOwn(const std::vector<pid_t>& pids);

}  // namespace coppice

#endif  // COPPICE_BENCH_PROCESS_CPU_CLOCK_H_
