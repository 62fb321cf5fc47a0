// SiblingPrefetchingSource: fetches the small files of a directory once a reader reads several of
// them.
//
// A program that starts reads many small files of few directories, one after the other (a Python
// package's compiled modules); each would wait for the whole way up the tree. The third one makes
// the rest of the directory's small files come together.
//
// Bounded for each directory: kSiblingFilesMax files and kSiblingBytesMax bytes, once. Only
// requests of the local reader count (RequestContext::hops <= 1), as in prefetching_source.h and
// for the same reason.
#ifndef COPPICE_SOURCE_SIBLING_PREFETCHING_SOURCE_H_
#define COPPICE_SOURCE_SIBLING_PREFETCHING_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// A file up to this size is small.
inline constexpr uint64_t kSmallFileBytes = 64 << 10;
// So many different small files read in a directory mean that its others are worth fetching.
inline constexpr size_t kSmallFilesBeforeSiblings = 3;
inline constexpr size_t kSiblingFilesMax = 64;
inline constexpr uint64_t kSiblingBytesMax = 1 << 20;
// Directories whose reading is followed; the least recently used is forgotten first.
inline constexpr size_t kDirectoriesFollowedMax = 4'096;

// Statistics, layer "sibling_prefetching": directories (whose files were fetched),
// prefetched_blocks, prefetched_bytes, and of these used_blocks, used_bytes, which a reader asked
// for later.
class SiblingPrefetchingSource : public Source, public Measurable {};

// REQUIRES: `base` outlives the result.
std::unique_ptr<SiblingPrefetchingSource> MakeSiblingPrefetchingSource(Source& base);

}  // namespace coppice

#endif  // COPPICE_SOURCE_SIBLING_PREFETCHING_SOURCE_H_
