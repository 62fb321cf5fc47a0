#include "fuse_client/periodic_task.h"

#include <chrono>
#include <utility>

namespace coppice {

PeriodicTask::PeriodicTask(absl::Duration interval, absl::AnyInvocable<void()> task)
    : interval_(interval), task_(std::move(task)), thread_([this] { Work(); }) {}

PeriodicTask::~PeriodicTask() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  stopped_.NotifyAll();
  thread_.join();
}

void PeriodicTask::Work() {
  for (;;) {
    {
      MutexLock lock(mutex_);
      const auto due = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(interval_);
      while (!stopping_ && std::chrono::steady_clock::now() < due) {
        stopped_.WaitFor(mutex_, due - std::chrono::steady_clock::now());
      }
      if (stopping_) return;
    }
    task_();
  }
}

}  // namespace coppice
