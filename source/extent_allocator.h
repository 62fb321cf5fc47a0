// ExtentAllocator: which parts of a range of addresses are in use. Pure bookkeeping: it touches no
// memory, so that it can rule over memory that others read (shared_block_arena.h).
//
// Best fit: the smallest free extent that is large enough, the lowest of those; neighbours that
// become free are joined. So sizes from some bytes to a MiB live together with little waste, and
// low addresses are used first. Allocate and Free cost O(log n) of the free extents.
//
// Not thread-safe.
#ifndef COPPICE_SOURCE_EXTENT_ALLOCATOR_H_
#define COPPICE_SOURCE_EXTENT_ALLOCATOR_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace coppice {

// Extents begin and end at multiples of this.
inline constexpr uint64_t kExtentGrain = 64;

class ExtentAllocator {
 public:
  // Rules over [0, size), rounded down to the grain.
  explicit ExtentAllocator(uint64_t size);

  // The start of an extent of at least `size` bytes; nothing when no free one is long enough.
  // REQUIRES: size > 0.
  std::optional<uint64_t> Allocate(uint64_t size);

  // REQUIRES: `start` came from Allocate(size), and was not freed since.
  void Free(uint64_t start, uint64_t size);

  uint64_t free_bytes() const { return free_bytes_; }
  size_t free_extents() const { return by_start_.size(); }

 private:
  void AddFree(uint64_t start, uint64_t size);
  void RemoveFree(std::map<uint64_t, uint64_t>::iterator extent);

  std::map<uint64_t, uint64_t> by_start_;            // start, size
  std::set<std::pair<uint64_t, uint64_t>> by_size_;  // size, start
  uint64_t free_bytes_ = 0;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_EXTENT_ALLOCATOR_H_
