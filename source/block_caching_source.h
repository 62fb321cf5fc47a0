// BlockCachingSource: keeps blocks in memory, least recently used first out.
//
// A block's key names its bytes for ever (the version is part of it), so a block is evicted, never
// invalidated, and an answer from here is as good as one from the source.
#ifndef COPPICE_SOURCE_BLOCK_CACHING_SOURCE_H_
#define COPPICE_SOURCE_BLOCK_CACHING_SOURCE_H_

#include <cstddef>
#include <memory>

#include "common/clock.h"
#include "source/block_publisher.h"
#include "source/cache_inspection.h"
#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// Statistics, layer "block_cache": those of lru_cache.h, and unread_bytes (gauge): of the blocks
// held, those that nobody has waited for yet.
class BlockCachingSource : public Source, public Measurable, public Inspectable {};

// The memory of all blocks held never exceeds `capacity_bytes`; what readers still hold of evicted
// blocks comes on top. Other requests pass through.
// With a publisher, what is held is on show there, and what was read there counts as used.
// REQUIRES: `base`, `clock` and `publisher` outlive the result.
std::unique_ptr<BlockCachingSource> MakeBlockCachingSource(Source& base, size_t capacity_bytes,
                                                           const Clock& clock,
                                                           BlockPublisher* publisher = nullptr);

}  // namespace coppice

#endif  // COPPICE_SOURCE_BLOCK_CACHING_SOURCE_H_
