// The same work done by several processes at once: all are made first, wait at a gate, and are
// timed from the first start to the last end by their own clocks, so that making and ending them is
// not part of the time. Not thread-safe.
//
// The work runs in a forked child of a program that may have threads: system calls on memory that
// was prepared before, nothing that takes a lock.
#ifndef COPPICE_BENCH_WORKER_PROCESSES_H_
#define COPPICE_BENCH_WORKER_PROCESSES_H_

#include <cstddef>
#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/bench_context.h"

namespace coppice {

inline constexpr size_t kWorkersMax = 1024;

// What one of them does: `prepare` before the gate (opening what is worked on), then `work`, which
// is timed. Both return 0 or an errno. An int carries what was prepared from one to the other.
struct Work {
  // Which of the workers is asked, from 0.
  std::function<int(size_t worker, int& prepared)> prepare;
  std::function<int(size_t worker, int prepared)> work;
};

// The errno of the first that failed; DEADLINE_EXCEEDED after `duration_max`, CANCELLED. No worker
// is left running. REQUIRES: 1 to kWorkersMax workers.
absl::StatusOr<absl::Duration> RunWorkers(size_t workers, const Work& work,
                                          absl::Duration duration_max, const BenchContext& context);

}  // namespace coppice

#endif  // COPPICE_BENCH_WORKER_PROCESSES_H_
