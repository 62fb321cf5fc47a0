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
  {
    MutexLock lock(mutex_);
    if (queue_.size() >= queue_length_max_) return false;
    queue_.push_back(std::move(task));
  }
  work_.NotifyOne();
  return true;
}

void ThreadPool::Work() {
  while (true) {
    Task task;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) work_.Wait(mutex_);
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    std::move(task)();
  }
}

}  // namespace coppice
