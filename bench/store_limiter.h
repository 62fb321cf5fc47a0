// When a slow, shared store has done what it was asked for: two queues, each first come, first
// served, as of a parallel file system with one metadata server and one path for data.
//
// A metadata operation occupies its server for 1/operations_per_second, bytes theirs for
// 1/bytes_per_second each; whoever comes meanwhile waits behind. On top of that every answer is
// under way for `latency`, in which the servers do other work. Thread-safe; lock-free, so that the
// queues may lie in memory that several processes share.
#ifndef COPPICE_BENCH_STORE_LIMITER_H_
#define COPPICE_BENCH_STORE_LIMITER_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"

namespace coppice {

// For flags: a store that does more per second is a mistake.
inline constexpr double kStoreRateMax = 1e15;

struct StoreLimits {
  absl::Duration latency = absl::ZeroDuration();
  // 0: without limit.
  double operations_per_second = 0;
  double bytes_per_second = 0;
};

// When each server has done all that was asked of it, in nanoseconds since 1970. All zero is idle.
struct StoreQueues {
  std::atomic<int64_t> operations_free = 0;
  std::atomic<int64_t> bytes_free = 0;
};

class StoreLimiter {
 public:
  // REQUIRES: the queues outlive it.
  StoreLimiter(const StoreLimits& limits, StoreQueues& queues) : limits_(limits), queues_(queues) {}

  // When the answer to what was asked for at `now` is there.
  absl::Time OperationDone(absl::Time now);
  absl::Time BytesDone(absl::Time now, uint64_t bytes);

 private:
  const StoreLimits limits_;
  StoreQueues& queues_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_STORE_LIMITER_H_
