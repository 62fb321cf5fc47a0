// What has reached a slow store: metadata operations by kind, reads and their bytes. Thread-safe;
// lock-free.
#ifndef COPPICE_BENCH_STORE_COUNTERS_H_
#define COPPICE_BENCH_STORE_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coppice {

// Metadata operations, as a client of a parallel file system sends them.
enum class StoreOperation { kLookup, kGetattr, kReadlink, kOpen, kReaddir, kStatfs };

inline constexpr size_t kStoreOperations = 6;

// A name in the root of every mount of a slow store: a file with the counters as they are now. To
// look it up and to read it is neither counted nor slow, and it is in no listing.
inline constexpr absl::string_view kCountersFile = ".slow_store";

struct StoreFigures {
  std::map<std::string, uint64_t> operations;  // by kind
  uint64_t reads = 0;
  uint64_t bytes = 0;

  uint64_t OperationCount() const;
};

class StoreCounters {
 public:
  void Count(StoreOperation operation);
  void CountRead(uint64_t bytes);

  // Lines of NAME NUMBER.
  std::string Text() const;

 private:
  std::array<std::atomic<uint64_t>, kStoreOperations> operations_ = {};
  std::atomic<uint64_t> reads_ = 0;
  std::atomic<uint64_t> bytes_ = 0;
};

// INVALID_ARGUMENT for text that StoreCounters::Text cannot have made.
absl::StatusOr<StoreFigures> ParseStoreFigures(absl::string_view text);
// From the counters file of a mount.
absl::StatusOr<StoreFigures> ReadStoreFigures(const std::string& mount_point);

StoreFigures FiguresBetween(const StoreFigures& before, const StoreFigures& after);

}  // namespace coppice

#endif  // COPPICE_BENCH_STORE_COUNTERS_H_
