#include "bench/hop/costed_run.h"

#include <unistd.h>

#include "absl/time/clock.h"
#include "bench/process/cpu_clock.h"
#include "bench/system_call_counter.h"

namespace coppice {
namespace {

absl::StatusOr<uint64_t> CountSystemCalls(std::vector<pid_t> pids,
                                          const std::function<absl::Status()>& work) {
  pids.push_back(getpid());
  const auto counter = SystemCallCounter::Start(pids);
  if (!counter.ok()) return counter.status();
  if (absl::Status done = work(); !done.ok()) return done;
  return counter->Total();
}

}  // namespace

absl::StatusOr<absl::Duration> CostedRun::Measure(const std::vector<pid_t>& pids,
                                                  const std::function<absl::Status()>& work) {
  if (costs_ == RunCosts::kSystemCalls) {
    const auto counted = CountSystemCalls(pids, work);
    if (!counted.ok()) return counted.status();
    system_calls_ = *counted;
    return absl::ZeroDuration();
  }
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
