#include "fuse_client/kernel_cache_notifier.h"

#include <utility>

namespace coppice {

KernelCacheNotifier::KernelCacheNotifier(KernelCache& cache, size_t queue_length_max)
    : cache_(cache), queue_length_max_(queue_length_max), thread_([this] { Work(); }) {}

KernelCacheNotifier::~KernelCacheNotifier() { Stop(); }

bool KernelCacheNotifier::Post(Task& task) {
  MutexLock lock(mutex_);
  while (!stopping_ && queue_.size() >= queue_length_max_) changed_.Wait(mutex_);
  if (stopping_) return false;
  queue_.push_back(std::move(task));
  changed_.NotifyAll();
  return true;
}

bool KernelCacheNotifier::TryPost(Task& task) {
  MutexLock lock(mutex_);
  if (stopping_ || queue_.size() >= queue_length_max_) return false;
  queue_.push_back(std::move(task));
  changed_.NotifyAll();
  return true;
}

void KernelCacheNotifier::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void KernelCacheNotifier::Work() {
  for (;;) {
    Task task;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) changed_.Wait(mutex_);
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
      changed_.NotifyAll();
    }
    std::move(task)(cache_);
  }
}

}  // namespace coppice
