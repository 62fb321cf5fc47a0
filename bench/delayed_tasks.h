// Runs tasks at times to come, on one thread of its own, in the order of their times. Thread-safe.
#ifndef COPPICE_BENCH_DELAYED_TASKS_H_
#define COPPICE_BENCH_DELAYED_TASKS_H_

#include <map>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/mutex.h"

namespace coppice {

class DelayedTasks {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  DelayedTasks();
  // What waits runs at once.
  ~DelayedTasks();
  DelayedTasks(const DelayedTasks&) = delete;
  DelayedTasks& operator=(const DelayedTasks&) = delete;

  // Tasks of one time run in the order in which they came. Those of the past run at once, on the
  // thread.
  void RunAt(absl::Time time, Task task);

 private:
  void Loop();

  Mutex mutex_;
  CondVar changed_;
  std::multimap<absl::Time, Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_DELAYED_TASKS_H_
