#include "bench/store_limiter.h"

#include <algorithm>

namespace coppice {
namespace {

// What so much costs at that rate.
absl::Duration Cost(double amount, double per_second) {
  return per_second > 0 ? absl::Seconds(amount / per_second) : absl::ZeroDuration();
}

}  // namespace

absl::Time StoreLimiter::OperationDone(absl::Time now) {
  MutexLock lock(mutex_);
  operations_free_ = std::max(operations_free_, now) + Cost(1, limits_.operations_per_second);
  return operations_free_ + limits_.latency;
}

absl::Time StoreLimiter::BytesDone(absl::Time now, uint64_t bytes) {
  MutexLock lock(mutex_);
  bytes_free_ = std::max(bytes_free_, now) +
                Cost(static_cast<double>(bytes), limits_.bytes_per_second);
  return bytes_free_ + limits_.latency;
}

}  // namespace coppice
