// The one thread that tells the kernel what to forget, on behalf of those who must not wait for it.
//
// Tasks run one after the other, in the order in which they were posted. The queue is bounded: who
// may wait posts and waits for a place; who may not (a FUSE request, an answer) tries, and does
// without. Thread-safe.
#ifndef COPPICE_FUSE_CLIENT_KERNEL_CACHE_NOTIFIER_H_
#define COPPICE_FUSE_CLIENT_KERNEL_CACHE_NOTIFIER_H_

#include <cstddef>
#include <deque>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "common/mutex.h"
#include "fuse_client/kernel_cache.h"

namespace coppice {

class KernelCacheNotifier {
 public:
  using Task = absl::AnyInvocable<void(KernelCache&) &&>;
  static constexpr size_t kQueueLengthMax = 4096;

  explicit KernelCacheNotifier(KernelCache& cache, size_t queue_length_max = kQueueLengthMax);
  ~KernelCacheNotifier();
  KernelCacheNotifier(const KernelCacheNotifier&) = delete;
  KernelCacheNotifier& operator=(const KernelCacheNotifier&) = delete;

  // Blocks while the queue is full. False, and the task untouched, after Stop.
  // REQUIRES: the caller is neither a FUSE request nor a task.
  [[nodiscard]] bool Post(Task& task);
  // Never blocks. False, and the task untouched, when the queue is full or after Stop.
  [[nodiscard]] bool TryPost(Task& task);

  // Runs what is queued to its end, then joins the thread. May be called again.
  void Stop();

 private:
  void Work();

  KernelCache& cache_;
  const size_t queue_length_max_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_KERNEL_CACHE_NOTIFIER_H_
