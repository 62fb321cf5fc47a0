// FamiliarPrefetchingSource: when a directory is listed, fetches what was wanted in other
// directories by the same name.
//
// Packages look alike: a program that listed __pycache__ in two of them and read its
// __init__.cpython-311.pyc does the same in the next. So when a directory's listing is read, its
// subdirectories of a familiar name are listed, too, and small files of a familiar name are read;
// and so on below. Of such a subdirectory all small files are read, where they are cheap
// (small_file.h).
//
// Only requests of the local reader teach and begin anything (RequestContext::hops <= 1), as in
// prefetching_source.h and for the same reason. Bounded by the constants below, by familiar_names.h
// and by Speculation. Thread-safe.
#ifndef COPPICE_SOURCE_FAMILIAR_PREFETCHING_SOURCE_H_
#define COPPICE_SOURCE_FAMILIAR_PREFETCHING_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// A listing of more entries is no package.
inline constexpr size_t kFamiliarListingMax = 512;
// Of one listing, so many are fetched.
inline constexpr size_t kFamiliarFetchesMax = 16;
// Of a cheap directory, so many.
inline constexpr size_t kCheapFilesMax = 64;
// Below the directory that the reader listed, so many levels.
inline constexpr size_t kFamiliarLevelsMax = 3;

// Statistics, layer "familiar_prefetching": prefetched_listings, prefetched_blocks,
// prefetched_bytes.
class FamiliarPrefetchingSource : public Source, public Measurable {};

// REQUIRES: `base` outlives the result.
std::unique_ptr<FamiliarPrefetchingSource> MakeFamiliarPrefetchingSource(Source& base);

}  // namespace coppice

#endif  // COPPICE_SOURCE_FAMILIAR_PREFETCHING_SOURCE_H_
