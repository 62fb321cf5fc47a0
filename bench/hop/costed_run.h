// One competitor of one case, measured again and again: how long it takes, and the CPU time of all
// processes that have a part in it, ours too; or else how many system calls they make. Not
// thread-safe.
#ifndef COPPICE_BENCH_HOP_COSTED_RUN_H_
#define COPPICE_BENCH_HOP_COSTED_RUN_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/report.h"
#include "bench/samples.h"

namespace coppice {

// Counting system calls makes them slower, so a run counts either them or time.
enum class RunCosts { kCpuTime, kSystemCalls };

class CostedRun {
 public:
  explicit CostedRun(RunCosts costs = RunCosts::kCpuTime) : costs_(costs) {}

  // Times `work`, and adds the CPU time that those processes and we spend meanwhile to the samples.
  // When system calls are counted, the time says nothing.
  absl::StatusOr<absl::Duration> Measure(const std::vector<pid_t>& pids,
                                         const std::function<absl::Status()>& work);

  // What else there is to say of the last measurement.
  void SetCounts(std::vector<Count> counts) { counts_ = std::move(counts); }

  // In seconds; one for each measurement.
  const Samples& cpu() const { return cpu_; }
  const std::vector<Count>& counts() const { return counts_; }
  // Of the last measurement, when they are counted.
  std::optional<uint64_t> system_calls() const { return system_calls_; }

 private:
  const RunCosts costs_;
  Samples cpu_;
  std::vector<Count> counts_;
  std::optional<uint64_t> system_calls_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_COSTED_RUN_H_
