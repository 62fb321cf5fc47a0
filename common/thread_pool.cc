#include "common/thread_pool.h"

#include <utility>

namespace coppice {

ThreadPool::ThreadPool(size_t thread_count, size_t queue_length_max)
    : queue_length_max_(queue_length_max) {
  threads_.reserve(thread_count);
  for (size_t i = 0; i < thread_count; ++i) threads_.emplace_back([this] { Work(); });
}

ThreadPool::~ThreadPool() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
}

bool ThreadPool::TrySchedule(Task& task) {
  bool wake = false;
  {
    MutexLock lock(mutex_);
    if (queue_.size() >= queue_length_max_) return false;
    queue_.push_back(std::move(task));
    wake = ShouldWake();
  }
  if (wake) work_.NotifyOne();
  return true;
}

bool ThreadPool::ShouldWake() {
  if (waking_ || idle_ == 0 || queue_.empty()) return false;
  waking_ = true;
  return true;
}

void ThreadPool::Work() {
  while (true) {
    Task task;
    bool wake = false;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) {
        ++idle_;
        work_.Wait(mutex_);
        --idle_;
        // Whichever woke: it looks for work, and for whom to wake.
        waking_ = false;
      }
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
      wake = ShouldWake();
    }
    if (wake) work_.NotifyOne();
    std::move(task)();
  }
}

}  // namespace coppice
