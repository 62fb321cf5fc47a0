#include "common/shutdown_limit.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <utility>

namespace coppice {

ShutdownLimit::ShutdownLimit(absl::Duration limit, absl::AnyInvocable<void() &&> last_act)
    : last_act_(std::move(last_act)), thread_([this, limit] { Watch(limit); }) {}

ShutdownLimit::~ShutdownLimit() {
  {
    MutexLock lock(mutex_);
    done_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void ShutdownLimit::Watch(absl::Duration limit) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(limit);
  {
    MutexLock lock(mutex_);
    while (!done_) {
      const auto left = end - std::chrono::steady_clock::now();
      if (left.count() <= 0) break;
      changed_.WaitFor(mutex_, left);
    }
    if (done_) return;
  }
  std::move(last_act_)();
  _exit(EXIT_SUCCESS);
}

}  // namespace coppice
