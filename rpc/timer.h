// "Later" as a dependency: what waits, waits through a Timer that is passed in, so that tests turn
// it by hand (fake_timer.h) and no thread sleeps.
#ifndef COPPICE_RPC_TIMER_H_
#define COPPICE_RPC_TIMER_H_

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace coppice {

// Thread-safe.
class Timer {
 public:
  using Id = uint64_t;  // never 0
  using Task = absl::AnyInvocable<void() &&>;

  // Drops what has not run and waits for what runs. REQUIRES: not called from a task.
  virtual ~Timer() = default;

  // Runs `task` once, `delay` from now, on a thread of the timer; never within this call. Tasks do
  // not block. No lock of the timer is held.
  virtual Id RunAfter(absl::Duration delay, Task task) = 0;

  // True: the task will not run, and is destroyed. False: it runs, ran or was cancelled before.
  virtual bool Cancel(Id id) = 0;
};

}  // namespace coppice

#endif  // COPPICE_RPC_TIMER_H_
