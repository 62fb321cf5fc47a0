#include "source/read_pattern.h"

#include <algorithm>
#include <cstddef>

namespace coppice {
namespace {

// A reader that jumps about leaves blocks unused behind it; beyond this many they are not told
// apart from blocks that were never fetched ahead.
constexpr size_t kUnusedMax = 1'024;

}  // namespace

ReadPattern::Step ReadPattern::Demand(uint64_t index) {
  Step step;
  step.was_prefetched = unused_.erase(index) > 0;
  const bool first = !touched_;
  const bool in_order = touched_ && index == last_ + 1;
  const bool again = touched_ && index == last_;
  touched_ = true;
  last_ = index;
  if (in_order) window_ = std::clamp<uint64_t>(2 * window_, 1, kWindowBlocks);
  if (!in_order && !again) window_ = 0;
  if (block_count_ <= kWholeFileBlocks) {
    for (uint64_t i = 0; first && i < block_count_; ++i) {
      if (i != index) Prefetch(i, step);
    }
  } else if (in_order && window_ >= kWindowBlocksMin) {
    const uint64_t end = std::min(block_count_, index + 1 + window_);
    // A reader who has jumped starts a window of its own.
    const uint64_t known =
        prefetched_until_ > index && prefetched_until_ <= end ? prefetched_until_ : index + 1;
    for (uint64_t i = known; i < end; ++i) Prefetch(i, step);
    prefetched_until_ = end;
  }
  return step;
}

void ReadPattern::Prefetch(uint64_t index, Step& step) {
  if (unused_.size() < kUnusedMax) unused_.insert(index);
  step.prefetch.push_back(index);
}

}  // namespace coppice
