#include "source/sibling_pattern.h"

#include <algorithm>
#include <utility>

namespace coppice {
namespace {

// Doubling stops here at the latest.
constexpr size_t kDoublingsMax = 2;
static_assert(kBatchFilesMin << kDoublingsMax == kBatchFilesMax);
static_assert(kBatchBytesMin << kDoublingsMax == kBatchBytesMax);
static_assert(kBatchFilesMin >= kSiblingFilesMax && kBatchBytesMin >= kSiblingBytesMax);

}  // namespace

SiblingPattern::Step SiblingPattern::Demand(const std::string& name) {
  MutexLock lock(mutex_);
  Step step;
  step.was_prefetched = unused_.erase(name) > 0;
  step.previous = std::exchange(previous_, name);
  if (!next_.empty() && name == next_) {
    next_.clear();
    step.guess = Guess::kNextBatch;
  } else if (large_) {
    // What was fetched is on its way: it is no sign of a new beginning.
    if (!step.was_prefetched) step.guess = Guess::kBatchIfInOrder;
  } else if (batches_ == 0 && !read_.contains(name)) {
    // Again with each further one, until the listing is at hand.
    if (read_.size() < kSmallFilesBeforeSiblings) read_.insert(name);
    step.guess =
        read_.size() < kSmallFilesBeforeSiblings ? Guess::kSiblingsIfCheap : Guess::kSiblings;
  }
  return step;
}

void SiblingPattern::SetLarge() {
  MutexLock lock(mutex_);
  large_ = true;
}

SiblingPattern::Batch SiblingPattern::Begin() {
  MutexLock lock(mutex_);
  const size_t doublings = std::min(batches_++, kDoublingsMax);
  unused_.clear();
  return {.files_max = kBatchFilesMin << doublings, .bytes_max = kBatchBytesMin << doublings};
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
