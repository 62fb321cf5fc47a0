#include "bench/delayed_tasks.h"

#include <utility>

#include "absl/time/clock.h"

namespace coppice {

DelayedTasks::DelayedTasks() : thread_([this] { Loop(); }) {}

DelayedTasks::~DelayedTasks() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void DelayedTasks::RunAt(absl::Time time, Task task) {
  MutexLock lock(mutex_);
  const auto place = tasks_.emplace(time, std::move(task));
  // Who waits for a later one must wait less.
  if (place == tasks_.begin()) changed_.NotifyAll();
}

void DelayedTasks::Loop() {
  MutexLock lock(mutex_);
  while (true) {
    if (tasks_.empty()) {
      if (ending_) return;
      changed_.Wait(mutex_);
      continue;
    }
    const absl::Duration left = tasks_.begin()->first - absl::Now();
    if (left > absl::ZeroDuration() && !ending_) {
      changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(left));
      continue;
    }
    Task task = std::move(tasks_.begin()->second);
    tasks_.erase(tasks_.begin());
    mutex_.Unlock();
    std::move(task)();
    mutex_.Lock();
  }
}

}  // namespace coppice
