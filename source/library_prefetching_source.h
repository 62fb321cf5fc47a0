// LibraryPrefetchingSource: when a program or shared object begins to be read, fetches what the
// dynamic loader is going to read of it, and of all the objects that it needs.
//
// The loader opens one object after the other, and waits for each: the file's beginning, the
// dynamic section near its end, its tables, and then the next object by name. All of that is
// written in the file, so it can be fetched at once: the blocks with symbols and relocations, those
// of the data that the loader relocates, and the same for each object that it names (DT_NEEDED) and
// that is found (library_search.h), and for what these need in turn.
//
// Only reads of the local reader begin it (RequestContext::hops <= 1), as in prefetching_source.h
// and for the same reason. An object is examined once, as long as it is remembered. Bounded by the
// constants below and by Speculation. Thread-safe.
#ifndef COPPICE_SOURCE_LIBRARY_PREFETCHING_SOURCE_H_
#define COPPICE_SOURCE_LIBRARY_PREFETCHING_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// Objects and names that are remembered; the least recently used is forgotten first, and would be
// examined again.
inline constexpr size_t kObjectsRememberedMax = 8'192;
// Of one object: of its tables, and of its relocated data.
inline constexpr uint64_t kTableBlocksMax = 16;
inline constexpr uint64_t kDataBlocksMax = 8;
// The longest name or search path that is looked at.
inline constexpr uint64_t kLibraryNameBytesMax = 1'024;

// Statistics, layer "library_prefetching": examined (objects), needed (names that were searched
// for), found (of these), prefetched_blocks, prefetched_bytes (asked for; of what a cache has no
// second time goes further up).
class LibraryPrefetchingSource : public Source, public Measurable {};

// REQUIRES: `base` outlives the result.
std::unique_ptr<LibraryPrefetchingSource> MakeLibraryPrefetchingSource(Source& base);

}  // namespace coppice

#endif  // COPPICE_SOURCE_LIBRARY_PREFETCHING_SOURCE_H_
