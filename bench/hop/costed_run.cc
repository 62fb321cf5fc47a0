#include "bench/hop/costed_run.h"

#include "absl/time/clock.h"
#include "bench/process/cpu_clock.h"

namespace coppice {

absl::StatusOr<absl::Duration> CostedRun::Measure(const std::vector<pid_t>& pids,
                                                  const std::function<absl::Status()>& work) {
  const absl::StatusOr<absl::Duration> before = CpuTimeWithOwn(pids);
  if (!before.ok()) return before.status();
  const absl::Time started = absl::Now();
  if (absl::Status done = work(); !done.ok()) return done;
  const absl::Duration elapsed = absl::Now() - started;
  const absl::StatusOr<absl::Duration> after = CpuTimeWithOwn(pids);
  if (!after.ok()) return after.status();
  cpu_.Add(absl::ToDoubleSeconds(*after - *before));
  return elapsed;
}

}  // namespace coppice
