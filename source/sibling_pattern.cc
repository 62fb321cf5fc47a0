#include "source/sibling_pattern.h"

#include <algorithm>

namespace coppice {
namespace {

// Doubling stops here at the latest.
constexpr size_t kDoublingsMax = 3;
static_assert(kSiblingFilesMax << kDoublingsMax == kBatchFilesMax);

}  // namespace

SiblingPattern::Step SiblingPattern::Demand(const std::string& name) {
  MutexLock lock(mutex_);
  Step step;
  step.was_prefetched = unused_.erase(name) > 0;
  if (batches_ > 0) {
    if (!next_.empty() && name == next_) {
      next_.clear();
      step.guess = Guess::kNextBatch;
    }
    return step;
  }
  if (read_.size() >= kSmallFilesBeforeSiblings || !read_.insert(name).second) return step;
  step.guess =
      read_.size() >= kSmallFilesBeforeSiblings ? Guess::kSiblings : Guess::kSiblingsIfCheap;
  return step;
}

SiblingPattern::Batch SiblingPattern::Begin() {
  MutexLock lock(mutex_);
  const size_t doublings = std::min(batches_++, kDoublingsMax);
  unused_.clear();
  return {.files_max = kSiblingFilesMax << doublings,
          .bytes_max = std::min(kSiblingBytesMax << doublings, kBatchBytesMax)};
}

bool SiblingPattern::Choose(const std::string& name) {
  MutexLock lock(mutex_);
  return !read_.contains(name) && unused_.insert(name).second;
}

void SiblingPattern::EndBefore(const std::string& name) {
  MutexLock lock(mutex_);
  next_ = name;
}

}  // namespace coppice
