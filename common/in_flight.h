// How many things are under way: who started them must not end before each is done.
// Thread-safe.
#ifndef COPPICE_COMMON_IN_FLIGHT_H_
#define COPPICE_COMMON_IN_FLIGHT_H_

#include <cstddef>

#include "common/mutex.h"

namespace coppice {

class InFlight {
 public:
  void Begin() {
    MutexLock lock(mutex_);
    ++count_;
  }
  void End() {
    MutexLock lock(mutex_);
    // Under the lock: who waits may destroy this as soon as it sees 0.
    if (--count_ == 0) none_.NotifyAll();
  }
  void WaitUntilNone() {
    MutexLock lock(mutex_);
    while (count_ > 0) none_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar none_;
  size_t count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace coppice

#endif  // COPPICE_COMMON_IN_FLIGHT_H_
