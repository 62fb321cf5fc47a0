// PromotingSource: answers lookups from the listing of their directory once they repeat in it.
//
// A program that looks into a directory for one name is on its way through: listing each directory
// of its path would read huge or automounted parents for nothing. One that looks for several names
// is searching: the listing answers all further names, existing or missing, with one request. So
// the first different names (lookup_counts.h says how many) are asked for singly, and the next one
// reads the listing; a directory that a reader listed is answered from its listing at once. Below a
// listed directory the walk is over and the search has begun: a small subdirectory of it is listed
// at the first name.
//
// Counting different names, not lookups, makes the requests that reach the backing file system the
// same for one reader and for thousands that run the same program.
//
// A directory too large to be listed whole, or whose listing fails, is answered name by name.
#ifndef COPPICE_SOURCE_PROMOTING_SOURCE_H_
#define COPPICE_SOURCE_PROMOTING_SOURCE_H_

#include <cstddef>
#include <memory>

#include "absl/time/time.h"
#include "common/clock.h"
#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// Directories whose lookups are counted; the least recently used is forgotten first, and counts
// anew.
inline constexpr size_t kDirectoriesCountedMax = 65'536;

// Statistics, layer "promoting": from_listing, missing_from_listing, single, promotions.
class PromotingSource : public Source, public Measurable {};

// It belongs above the caches and the single flight, so that a listing is read once and found
// again; it keeps none itself. A listing older than `negative_ttl` does not say what is missing; it
// is confirmed first. REQUIRES: `base` and `clock` outlive the result.
std::unique_ptr<PromotingSource> MakePromotingSource(Source& base, absl::Duration negative_ttl,
                                                     const Clock& clock);

}  // namespace coppice

#endif  // COPPICE_SOURCE_PROMOTING_SOURCE_H_
