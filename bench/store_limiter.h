// When a slow, shared store has done what it was asked for: two queues, each first come, first
// served, as of a parallel file system with one metadata server and one path for data.
//
// A metadata operation occupies its server for 1/operations_per_second, bytes theirs for
// 1/bytes_per_second each; whoever comes meanwhile waits behind. On top of that every answer is
// under way for `latency`, in which the servers do other work. Thread-safe; one short lock.
#ifndef COPPICE_BENCH_STORE_LIMITER_H_
#define COPPICE_BENCH_STORE_LIMITER_H_

#include <cstdint>

#include "absl/time/time.h"
#include "common/mutex.h"

namespace coppice {

struct StoreLimits {
  absl::Duration latency = absl::ZeroDuration();
  // 0: without limit.
  double operations_per_second = 0;
  double bytes_per_second = 0;
};

class StoreLimiter {
 public:
  explicit StoreLimiter(const StoreLimits& limits) : limits_(limits) {}

  // When the answer to what was asked for at `now` is there.
  absl::Time OperationDone(absl::Time now);
  absl::Time BytesDone(absl::Time now, uint64_t bytes);

 private:
  const StoreLimits limits_;
  Mutex mutex_;
  // When each server has done all that was asked of it.
  absl::Time operations_free_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time bytes_free_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace coppice

#endif  // COPPICE_BENCH_STORE_LIMITER_H_
