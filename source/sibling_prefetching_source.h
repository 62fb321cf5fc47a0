// SiblingPrefetchingSource: fetches the small files of a directory when a reader begins to read
// them.
//
// A program that starts reads many small files of few directories, one after the other (a Python
// package's compiled modules); each would wait for the whole way up the tree. The second one makes
// the rest of the directory's small files come together; where they are few bytes in all, and the
// listing is at hand, the first one does.
//
// A directory whose small files do not fit into a batch (all libraries of a system) brings nothing
// that way: most would never be read. There, and after a batch, who reads the very file that comes
// next in the listing, as tar and rsync do, gets the following ones, twice as many each time.
//
// Bounded: sibling_pattern.h. Only requests of
// the local reader count (RequestContext::hops <= 1), as in prefetching_source.h and for the same
// reason.
#ifndef COPPICE_SOURCE_SIBLING_PREFETCHING_SOURCE_H_
#define COPPICE_SOURCE_SIBLING_PREFETCHING_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// Directories whose reading is followed; the least recently used is forgotten first.
inline constexpr size_t kDirectoriesFollowedMax = 4'096;

// Statistics, layer "sibling_prefetching": batches, prefetched_blocks, prefetched_bytes, and of
// these used_blocks, used_bytes, which a reader asked for later.
class SiblingPrefetchingSource : public Source, public Measurable {};

// REQUIRES: `base` outlives the result.
std::unique_ptr<SiblingPrefetchingSource> MakeSiblingPrefetchingSource(Source& base);

}  // namespace coppice

#endif  // COPPICE_SOURCE_SIBLING_PREFETCHING_SOURCE_H_
