// The seam behind which a cache shows its blocks to others, so that they can read them where they
// are (shared_block_arena.h).
#ifndef COPPICE_SOURCE_BLOCK_PUBLISHER_H_
#define COPPICE_SOURCE_BLOCK_PUBLISHER_H_

#include <memory>

#include "source/block.h"

namespace coppice {

// One block on show, until this is destroyed. Thread-safe.
class PublishedBlock {
 public:
  virtual ~PublishedBlock() = default;

  // Whether somebody read the block there since this was last asked.
  virtual bool TakeReadMark() = 0;
};

// Thread-safe.
class BlockPublisher {
 public:
  virtual ~BlockPublisher() = default;

  // Shows the block, which the result keeps alive. nullptr when it cannot be shown: its memory is
  // not of the kind, or there is no room for its key.
  virtual std::unique_ptr<PublishedBlock> Publish(const BlockKey& key, BlockRef block) = 0;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_BLOCK_PUBLISHER_H_
