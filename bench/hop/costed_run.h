// One competitor of one case, measured again and again: how long it takes, and the CPU time of all
// processes that have a part in it, ours too. Not thread-safe.
#ifndef COPPICE_BENCH_HOP_COSTED_RUN_H_
#define COPPICE_BENCH_HOP_COSTED_RUN_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/samples.h"

namespace coppice {

class CostedRun {
 public:
  // Times `work`, and adds the CPU time that those processes and we spend meanwhile to the samples.
  absl::StatusOr<absl::Duration> Measure(const std::vector<pid_t>& pids,
                                         const std::function<absl::Status()>& work);

  // In seconds; one for each measurement.
  const Samples& cpu() const { return cpu_; }

 private:
  Samples cpu_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_COSTED_RUN_H_
