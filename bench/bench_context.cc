#include "bench/bench_context.h"

#include "absl/time/clock.h"

namespace coppice {

WaitLimits BenchContext::Limits(absl::Duration duration) const {
  return {.deadline = absl::Now() + duration, .interrupt_descriptor = interrupt_descriptor};
}

absl::Status CheckNotInterrupted(const BenchContext& context) {
  if (context.interrupt_descriptor < 0) return absl::OkStatus();
  const auto interrupted =
      WaitReadable({context.interrupt_descriptor}, {.deadline = absl::InfinitePast()});
  return interrupted.ok() ? absl::CancelledError("interrupted") : absl::OkStatus();
}

}  // namespace coppice
