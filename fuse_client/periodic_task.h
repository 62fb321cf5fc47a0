// A thread that runs a task at an interval: the seam between what is done (tested by hand) and
// when.
#ifndef COPPICE_FUSE_CLIENT_PERIODIC_TASK_H_
#define COPPICE_FUSE_CLIENT_PERIODIC_TASK_H_

#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/mutex.h"

namespace coppice {

class PeriodicTask {
 public:
  // The first run is one interval from now; the next, one interval after its end.
  // REQUIRES: interval > 0.
  PeriodicTask(absl::Duration interval, absl::AnyInvocable<void()> task);
  // Waits for a run that is under way.
  ~PeriodicTask();
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

 private:
  void Work();

  const absl::Duration interval_;
  absl::AnyInvocable<void()> task_;
  Mutex mutex_;
  CondVar stopped_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_PERIODIC_TASK_H_
