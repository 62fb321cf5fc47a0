// PrefetchingSource: asks for blocks before the reader does.
//
//  - A file of at most kWholeFileBlocks blocks (read_pattern.h) is fetched whole on its first
//  touch.
//  - A larger file that is read in order (two blocks in a row) has a window of blocks in flight
//  ahead of
//    the reader, so that it streams through all levels of the tree at once. Random reads fetch
//    nothing extra.
//
// Only requests of the local reader start any (RequestContext::hops <= 1): the peers above see the
// prefetches as requests and need no guess of their own, so that thousands of readers of one file
// cause the same requests as one.
#ifndef COPPICE_SOURCE_PREFETCHING_SOURCE_H_
#define COPPICE_SOURCE_PREFETCHING_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// Files whose reading is followed; the least recently used is forgotten first.
inline constexpr size_t kFilesFollowedMax = 4'096;

// Statistics, layer "prefetching":
//   demanded_blocks, demanded_bytes      asked for by the local reader
//   prefetched_blocks, prefetched_bytes  asked for ahead of the reader
//   used_blocks, used_bytes              of these, asked for by the reader later
// The readahead past what was read is prefetched - used.
class PrefetchingSource : public Source, public Measurable {};

// It belongs above the single flight, which merges a prefetch with the request that comes later.
// REQUIRES: `base` outlives the result, whose destructor waits for the prefetches under way.
std::unique_ptr<PrefetchingSource> MakePrefetchingSource(Source& base);

}  // namespace coppice

#endif  // COPPICE_SOURCE_PREFETCHING_SOURCE_H_
