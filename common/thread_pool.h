// A fixed number of threads that run tasks from one bounded queue.
//
// For work that blocks (the backing file system). Nothing else in the house blocks, so nothing else
// needs a pool.
#ifndef COPPICE_COMMON_THREAD_POOL_H_
#define COPPICE_COMMON_THREAD_POOL_H_

#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "common/mutex.h"

namespace coppice {

// Thread-safe.
class ThreadPool {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  // REQUIRES: thread_count > 0, queue_length_max > 0.
  ThreadPool(size_t thread_count, size_t queue_length_max);
  // Runs what is queued to its end, then joins.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Queues the task; it runs exactly once, on a thread of the pool, unless this returns false: the
  // queue is full, and the task was not touched.
  [[nodiscard]] bool TrySchedule(Task& task);

 private:
  void Work();

  const size_t queue_length_max_;
  Mutex mutex_;
  CondVar work_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace coppice

#endif  // COPPICE_COMMON_THREAD_POOL_H_
