#include "bench/store_limiter.h"

#include <algorithm>

namespace coppice {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;

// Stands in line at `now` with so much to do, and returns when that is done.
absl::Time Queue(std::atomic<int64_t>& free, absl::Time now, double amount, double per_second) {
  const int64_t cost =
      per_second > 0 ? static_cast<int64_t>(amount / per_second * kNanosecondsPerSecond) : 0;
  int64_t before = free.load();
  int64_t done = 0;
  do {
    done = std::max(before, absl::ToUnixNanos(now)) + cost;
  } while (!free.compare_exchange_weak(before, done));
  return absl::FromUnixNanos(done);
}

}  // namespace

absl::Time StoreLimiter::OperationDone(absl::Time now) {
  return Queue(queues_.operations_free, now, 1, limits_.operations_per_second) + limits_.latency;
}

absl::Time StoreLimiter::BytesDone(absl::Time now, uint64_t bytes) {
  return Queue(queues_.bytes_free, now, static_cast<double>(bytes), limits_.bytes_per_second) +
         limits_.latency;
}

}  // namespace coppice
