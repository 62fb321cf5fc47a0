// ReadPattern: what a reader has asked of one version of one file, and which blocks to fetch ahead.
// The memory of PrefetchingSource for one file.
//
// Not thread-safe.
#ifndef COPPICE_SOURCE_READ_PATTERN_H_
#define COPPICE_SOURCE_READ_PATTERN_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace coppice {

// A file of at most so many blocks is fetched whole on its first touch.
inline constexpr uint64_t kWholeFileBlocks = 4;
// Of a larger file that is read in order, blocks are fetched ahead: a few from the third block on,
// and twice as many with each block up to kWindowBlocks, because page faults in a library look like
// an order now and then, and end after two or three.
inline constexpr uint64_t kWindowBlocksMin = 2;
inline constexpr uint64_t kWindowBlocks = 8;

class ReadPattern {
 public:
  explicit ReadPattern(uint64_t block_count) : block_count_(block_count) {}

  struct Step {
    bool was_prefetched = false;  // this block had been fetched ahead, and is asked for now first
    std::vector<uint64_t> prefetch;  // block indexes to fetch ahead now, rising
  };

  // The reader asks for a block. REQUIRES: index < block_count.
  Step Demand(uint64_t index);

 private:
  void Prefetch(uint64_t index, Step& step);

  const uint64_t block_count_;
  bool touched_ = false;
  uint64_t last_ = 0;              // the block asked for last; meaningless unless touched_
  uint64_t window_ = 0;            // blocks ahead of last_; 0 after a jump
  uint64_t prefetched_until_ = 0;  // for the window: blocks below were asked for or fetched ahead
  absl::flat_hash_set<uint64_t> unused_;  // fetched ahead, not asked for yet; at most kUnusedMax
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_READ_PATTERN_H_
