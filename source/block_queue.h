// BlockQueue: blocks that a guess wants, fetched one after the other, a few at a time.
//
// What is asked for at once shares the way, and comes all at the end; and what a reader then waits
// for comes behind it. So of a large guess only kQueuedUnderWayMax blocks are under way, those that
// are wanted sooner first, in the order in which they were added. No timer and no thread: the end
// of one fetch begins the next. Beyond kQueuedBlocksMax, further ones are not taken.
//
// Thread-safe.
#ifndef COPPICE_SOURCE_BLOCK_QUEUE_H_
#define COPPICE_SOURCE_BLOCK_QUEUE_H_

#include <array>
#include <cstddef>
#include <deque>
#include <optional>

#include "common/mutex.h"
#include "source/speculation.h"

namespace coppice {

inline constexpr size_t kQueuedUnderWayMax = 8;
inline constexpr size_t kQueuedBlocksMax = 8'192;

class BlockQueue {
 public:
  enum class Urgency { kSooner, kLater };

  // REQUIRES: `speculation`, which ends what is under way, is destroyed before this, and after a
  // call of Clear.
  explicit BlockQueue(Speculation& speculation) : speculation_(speculation) {}
  BlockQueue(const BlockQueue&) = delete;
  BlockQueue& operator=(const BlockQueue&) = delete;

  void Add(const BlockKey& key, const RequestContext& context, Urgency urgency);

  // Forgets what is not under way.
  void Clear();

 private:
  struct Fetch {
    BlockKey key;
    RequestContext context;
  };

  void Begin();
  void End();
  // The next, counted as under way; nothing: it is time to stop.
  std::optional<Fetch> Next();

  Speculation& speculation_;
  Mutex mutex_;
  std::array<std::deque<Fetch>, 2> waiting_ ABSL_GUARDED_BY(mutex_);  // by urgency
  size_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  // Somebody begins fetches. It is he who goes on when one ends at once, and not the one that ends:
  // a queue of what is cached would be as many calls deep.
  bool beginning_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_BLOCK_QUEUE_H_
