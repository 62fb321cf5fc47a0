// One competitor of one case, measured again and again: how long it takes, and the CPU time of all
// processes that have a part in it, ours too. Not thread-safe.
#ifndef COPPICE_BENCH_HOP_COSTED_RUN_H_
#define COPPICE_BENCH_HOP_COSTED_RUN_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/report.h"
#include "bench/samples.h"

namespace coppice {

class CostedRun {
 public:
  // Times `work`, and adds the CPU time that those processes and we spend meanwhile to the samples.
  absl::StatusOr<absl::Duration> Measure(const std::vector<pid_t>& pids,
                                         const std::function<absl::Status()>& work);

  // What else there is to say of the last measurement.
  void SetCounts(std::vector<Count> counts) { counts_ = std::move(counts); }

  // In seconds; one for each measurement.
  const Samples& cpu() const { return cpu_; }
  const std::vector<Count>& counts() const { return counts_; }

 private:
  Samples cpu_;
  std::vector<Count> counts_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_COSTED_RUN_H_
