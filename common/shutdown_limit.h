// Ends the process when its orderly end takes too long: when what it waits for may never come, and
// somebody waits for its end.
//
// Make one when the end begins, and destroy it when that is done. Thread-safe.
#ifndef COPPICE_COMMON_SHUTDOWN_LIMIT_H_
#define COPPICE_COMMON_SHUTDOWN_LIMIT_H_

#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/mutex.h"

namespace coppice {

class ShutdownLimit {
 public:
  // After `limit`, `last_act` runs, on a thread of this class, and then the process exits with
  // code 0, without destructors: it was asked to end, and does.
  ShutdownLimit(absl::Duration limit, absl::AnyInvocable<void() &&> last_act);
  // In time: nothing runs any more.
  ~ShutdownLimit();
  ShutdownLimit(const ShutdownLimit&) = delete;
  ShutdownLimit& operator=(const ShutdownLimit&) = delete;

 private:
  void Watch(absl::Duration limit);

  absl::AnyInvocable<void() &&> last_act_;
  Mutex mutex_;
  CondVar changed_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace coppice

#endif  // COPPICE_COMMON_SHUTDOWN_LIMIT_H_
