#include "common/process_tuning.h"

#include <absl/synchronization/mutex.h>

namespace coppice {

void TuneProcess() {
  // Debian's Abseil looks for deadlocks in the order of all absl::Mutex, which are gRPC's.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

}  // namespace coppice
