// The layers of a peer, in their order:
//
//   Metered(Prefetching(SiblingPrefetching(Promoting(SingleFlight(
//       BlockCaching(MetadataCaching(below)))))))
//
// where `below` is the parent in the tree, or the backing file system. A peer is this one function.
// Why this order: docs/ARCHITECTURE.md.
#ifndef COPPICE_PEER_SERVER_CACHE_STACK_H_
#define COPPICE_PEER_SERVER_CACHE_STACK_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/clock.h"
#include "source/block_publisher.h"
#include "source/cache_inspection.h"
#include "source/invalidation.h"
#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

struct CacheStackOptions {
  size_t cache_bytes = size_t{4} << 30;       // of blocks
  size_t metadata_bytes = size_t{512} << 20;  // of attributes and listings
  absl::Duration negative_ttl = absl::Seconds(10);
  absl::Duration metadata_ttl = absl::InfiniteDuration();
};

// Thread-safe.
class CacheStack : public Inspectable, public Invalidatable {
 public:
  // What readers ask.
  virtual Source& top() = 0;
  // Of each layer, from the top down.
  virtual std::vector<LayerStatistics> Statistics() const = 0;
};

// Blocks that are cached are on show at the publisher. REQUIRES: `below`, `clock` and `publisher`
// outlive the result.
std::unique_ptr<CacheStack> AssembleStack(Source& below, const CacheStackOptions& options,
                                          const Clock& clock, BlockPublisher* publisher = nullptr);

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_CACHE_STACK_H_
