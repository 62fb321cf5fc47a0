// Gate: lets work in until it is closed; closing waits for the work that is inside.
//
// For callbacks of timers and of gRPC, which may come when their owner ends: each holds the gate by
// a shared_ptr, and touches the owner only inside. Thread-safe.
#ifndef COPPICE_PEER_SERVER_GATE_H_
#define COPPICE_PEER_SERVER_GATE_H_

#include <cstddef>

#include "common/mutex.h"

namespace coppice {

class Gate {
 public:
  // False: it is closed. Else Leave must follow.
  bool Enter() {
    MutexLock lock(mutex_);
    if (closed_) return false;
    ++inside_;
    return true;
  }
  void Leave() {
    MutexLock lock(mutex_);
    if (--inside_ == 0) empty_.NotifyAll();
  }
  // REQUIRES: not called from inside.
  void CloseAndWait() {
    MutexLock lock(mutex_);
    closed_ = true;
    while (inside_ > 0) empty_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar empty_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  size_t inside_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_GATE_H_
