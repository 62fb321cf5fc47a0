#include "deploy/descriptor_wait.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "absl/time/clock.h"
#include "common/status.h"

namespace coppice {
namespace {

// poll(2) counts milliseconds in an int; a longer wait is made of several.
constexpr absl::Duration kPollMax = absl::Hours(1);

// Rounded up: rounding down would spin through the last millisecond.
int PollTimeoutMs(absl::Time deadline) {
  const absl::Duration left = std::clamp(deadline - absl::Now(), absl::ZeroDuration(), kPollMax);
  return static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))));
}

}  // namespace

absl::StatusOr<size_t> WaitReadable(absl::Span<const int> descriptors, const WaitLimits& limits) {
  std::vector<pollfd> polls = {{limits.interrupt_descriptor, POLLIN, 0}};
  for (const int descriptor : descriptors) polls.push_back({descriptor, POLLIN, 0});
  while (true) {
    const int timeout_ms = PollTimeoutMs(limits.deadline);
    const int ready = poll(polls.data(), polls.size(), timeout_ms);
    if (ready < 0 && errno != EINTR) return ErrnoStatus(errno, "poll");
    if (ready > 0) {
      if (polls[0].revents != 0) return absl::CancelledError("interrupted");
      for (size_t i = 1; i < polls.size(); ++i) {
        if (polls[i].revents != 0) return i - 1;
      }
    }
    if (absl::Now() >= limits.deadline) return absl::DeadlineExceededError("the time ran out");
  }
}

}  // namespace coppice
