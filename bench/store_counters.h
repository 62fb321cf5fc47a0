// What has reached a slow store: metadata operations by kind, reads and their bytes. All zero is
// nothing yet. Thread-safe; lock-free, so that they may lie in memory that several processes share.
#ifndef COPPICE_BENCH_STORE_COUNTERS_H_
#define COPPICE_BENCH_STORE_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace coppice {

// Metadata operations, as a client of a parallel file system sends them.
enum class StoreOperation { kLookup, kGetattr, kReadlink, kOpen, kReaddir };

inline constexpr size_t kStoreOperations = 5;

// The counters at one moment.
struct StoreFigures {
  // By kind: "lookup", "getattr", "readlink", "open", "readdir".
  std::map<std::string, uint64_t> operations;
  uint64_t reads = 0;
  uint64_t bytes = 0;

  uint64_t OperationCount() const;

  friend bool operator==(const StoreFigures&, const StoreFigures&) = default;
};

StoreFigures FiguresBetween(const StoreFigures& before, const StoreFigures& after);

class StoreCounters {
 public:
  void Count(StoreOperation operation) { ++operations_[static_cast<size_t>(operation)]; }
  void CountRead(uint64_t bytes) {
    ++reads_;
    bytes_ += bytes;
  }

  StoreFigures Figures() const;

 private:
  std::array<std::atomic<uint64_t>, kStoreOperations> operations_ = {};
  std::atomic<uint64_t> reads_ = 0;
  std::atomic<uint64_t> bytes_ = 0;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_STORE_COUNTERS_H_
