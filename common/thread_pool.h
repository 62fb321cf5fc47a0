// A fixed number of threads that run tasks from one bounded queue.
//
// For work that blocks (the backing file system). Nothing else in the house blocks, so nothing else
// needs a pool.
//
// Threads are woken one by one: who schedules wakes one at most, and that one, once it has a task,
// the next, while tasks are left. Who schedules many in a row is not interrupted by each, and tasks
// that are done before the next thread is awake need no more threads. All threads are awake in the
// end when the tasks block.
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
  // Whether the caller is to wake a thread, once it has let go of the mutex.
  bool ShouldWake() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t queue_length_max_;
  Mutex mutex_;
  CondVar work_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;      // threads that wait for a task
  bool waking_ ABSL_GUARDED_BY(mutex_) = false;  // one of them was told, and is not awake yet
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace coppice

#endif  // COPPICE_COMMON_THREAD_POOL_H_
