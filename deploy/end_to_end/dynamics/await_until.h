// Waiting in a test for what another process does, when no descriptor tells of it: the condition is
// looked at again and again, in between poll(2) gives the processor away. For what a descriptor
// tells (the end of a process, a byte in a pipe) there is descriptor_wait.h. Thread-safe.
#ifndef COPPICE_DEPLOY_END_TO_END_DYNAMICS_AWAIT_UNTIL_H_
#define COPPICE_DEPLOY_END_TO_END_DYNAMICS_AWAIT_UNTIL_H_

#include <poll.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace coppice {

// Far beyond what anything takes on a busy machine that is to happen at all.
inline constexpr absl::Duration kAwaitUntilMax = absl::Seconds(60);
inline constexpr int kAwaitUntilStepMilliseconds = 5;

// Whether the condition came true before the deadline.
template <typename Condition>
bool AwaitUntil(absl::Time deadline, Condition condition) {
  while (true) {
    if (condition()) return true;
    if (absl::Now() >= deadline) return false;
    poll(nullptr, 0, kAwaitUntilStepMilliseconds);
  }
}

template <typename Condition>
bool AwaitUntil(Condition condition) {
  return AwaitUntil(absl::Now() + kAwaitUntilMax, condition);
}

}  // namespace coppice

#endif  // COPPICE_DEPLOY_END_TO_END_DYNAMICS_AWAIT_UNTIL_H_
