// The one store behind several mounts: its queues and its counters, in a file that all their
// processes map. So each node has a mount with kernel caches of its own, as with the client of a
// parallel file system, and all wait in the same queues. Thread-safe.
#ifndef COPPICE_BENCH_SHARED_STORE_H_
#define COPPICE_BENCH_SHARED_STORE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "bench/store_counters.h"
#include "bench/store_limiter.h"

namespace coppice {

class SharedStore {
 public:
  // Makes the file when there is none; then the store is idle and nothing is counted.
  // INVALID_ARGUMENT for a file of another size.
  static absl::StatusOr<SharedStore> Open(const std::string& file);

  SharedStore(SharedStore&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  SharedStore& operator=(SharedStore&&) = delete;
  ~SharedStore();

  StoreQueues& queues() const { return state_->queues; }
  StoreCounters& counters() const { return state_->counters; }

 private:
  struct State {
    StoreQueues queues;
    StoreCounters counters;
  };
  static_assert(std::atomic<int64_t>::is_always_lock_free &&
                std::atomic<uint64_t>::is_always_lock_free);

  explicit SharedStore(State* state) : state_(state) {}

  State* state_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_SHARED_STORE_H_
