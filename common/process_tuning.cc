#include "common/process_tuning.h"

#include <absl/synchronization/mutex.h>
#include <malloc.h>

namespace coppice {
namespace {

// malloc gives memory at the end of its heap back to the kernel above so much, and takes memory
// above the other size from the kernel each time: a receive buffer of gRPC's, which lives for some
// microseconds, would be new pages of zeros each time.
constexpr int kTrimBytes = 16 << 20;
constexpr int kMmapBytes = 4 << 20;
// How much more malloc asks the kernel for than it needs at once.
constexpr int kTopPadBytes = 1 << 20;

}  // namespace

void TuneProcess() {
  mallopt(M_TRIM_THRESHOLD, kTrimBytes);
  mallopt(M_MMAP_THRESHOLD, kMmapBytes);
  mallopt(M_TOP_PAD, kTopPadBytes);
  // Debian's Abseil looks for deadlocks in the order of all absl::Mutex, which are gRPC's.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

}  // namespace coppice
