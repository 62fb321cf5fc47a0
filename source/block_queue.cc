#include "source/block_queue.h"

#include <utility>

namespace coppice {

void BlockQueue::Add(const BlockKey& key, const RequestContext& context, Urgency urgency) {
  {
    MutexLock lock(mutex_);
    if (waiting_[0].size() + waiting_[1].size() >= kQueuedBlocksMax) return;
    waiting_[static_cast<size_t>(urgency)].push_back({key, context});
  }
  Begin();
}

void BlockQueue::Clear() {
  MutexLock lock(mutex_);
  for (std::deque<Fetch>& waiting : waiting_) waiting.clear();
}

void BlockQueue::Begin() {
  {
    MutexLock lock(mutex_);
    if (beginning_) return;
    beginning_ = true;
  }
  while (std::optional<Fetch> fetch = Next()) {
    const bool begun = speculation_.ReadBlock(fetch->key, fetch->context,
                                              [this](const absl::StatusOr<BlockRef>&) { End(); });
    // Too many guesses of others: this one is given up.
    if (!begun) End();
  }
}

std::optional<BlockQueue::Fetch> BlockQueue::Next() {
  MutexLock lock(mutex_);
  for (std::deque<Fetch>& waiting : waiting_) {
    if (waiting.empty() || under_way_ >= kQueuedUnderWayMax) continue;
    Fetch next = std::move(waiting.front());
    waiting.pop_front();
    ++under_way_;
    return next;
  }
  beginning_ = false;
  return std::nullopt;
}

void BlockQueue::End() {
  {
    MutexLock lock(mutex_);
    --under_way_;
  }
  Begin();
}

}  // namespace coppice
