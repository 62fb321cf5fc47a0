// A Timer, with its clock, that a test turns by hand.
//
// Tasks run in Advance, on the test's thread, in the order in which they are due; a task that they
// set runs in the same Advance if it is due in it. Thread-safe.
#ifndef COPPICE_RPC_TESTING_FAKE_TIMER_H_
#define COPPICE_RPC_TESTING_FAKE_TIMER_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <utility>

#include "absl/time/time.h"
#include "common/fake_clock.h"
#include "common/mutex.h"
#include "rpc/timer.h"

namespace coppice {

class FakeTimer final : public Timer {
 public:
  const FakeClock& clock() const { return clock_; }

  Id RunAfter(absl::Duration delay, Task task) override {
    MutexLock lock(mutex_);
    const Id id = ++last_id_;
    tasks_.emplace(Key{clock_.Now() + delay, id}, std::move(task));
    changed_.NotifyAll();
    return id;
  }

  bool Cancel(Id id) override {
    MutexLock lock(mutex_);
    for (auto it = tasks_.begin(); it != tasks_.end(); ++it) {
      if (it->first.second != id) continue;
      tasks_.erase(it);
      return true;
    }
    return false;
  }

  void Advance(absl::Duration duration) {
    const absl::Time end = clock_.Now() + duration;
    for (;;) {
      Task task;
      {
        MutexLock lock(mutex_);
        if (tasks_.empty() || tasks_.begin()->first.first > end) break;
        clock_.Advance(std::max(absl::ZeroDuration(), tasks_.begin()->first.first - clock_.Now()));
        task = std::move(tasks_.begin()->second);
        tasks_.erase(tasks_.begin());
      }
      std::move(task)();
    }
    clock_.Advance(end - clock_.Now());
  }

  size_t PendingCount() const {
    MutexLock lock(mutex_);
    return tasks_.size();
  }

  // How long until the next task; infinite without one.
  absl::Duration UntilNext() const {
    MutexLock lock(mutex_);
    return tasks_.empty() ? absl::InfiniteDuration() : tasks_.begin()->first.first - clock_.Now();
  }

  // Waits until `count` tasks are set; false after a minute.
  bool AwaitPending(size_t count) const {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    MutexLock lock(mutex_);
    while (tasks_.size() < count) {
      const auto left = limit - std::chrono::steady_clock::now();
      if (left.count() <= 0) return false;
      changed_.WaitFor(mutex_, left);
    }
    return true;
  }

 private:
  using Key = std::pair<absl::Time, Id>;

  FakeClock clock_;
  mutable Mutex mutex_;
  mutable CondVar changed_;
  std::map<Key, Task> tasks_ ABSL_GUARDED_BY(mutex_);
  Id last_id_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace coppice

#endif  // COPPICE_RPC_TESTING_FAKE_TIMER_H_
