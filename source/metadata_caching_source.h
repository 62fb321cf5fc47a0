// MetadataCachingSource: keeps attributes, missing names, directory listings and file system
// figures.
//
// How old an answer may be:
//  - A name that exists is good for `metadata_ttl` (by default: for the life of the process).
//  - A missing name, and a listing as the statement of which names there are, is good for
//    `negative_ttl` after the backing file system confirmed it.
//  - A request may ask for less age (RequestContext::age_max).
// A listing that is too old is confirmed by one conditional request: the attributes of its
// directory. The same version means the same names; another version drops the listing, and it is
// read again. The age of an answer travels with it, so that the copies of one answer grow too old
// at the same moment on every node of a tree, and one request at the root serves them all.
//
// Errors are never kept. A block whose version the backing file system no longer has (ESTALE; or
// ENOENT, ENOTDIR, EISDIR, EINVAL when something else is there, or nothing) makes the layer forget
// what it knew of that version, so that the next lookup finds what is there now.
#ifndef COPPICE_SOURCE_METADATA_CACHING_SOURCE_H_
#define COPPICE_SOURCE_METADATA_CACHING_SOURCE_H_

#include <cstddef>
#include <memory>

#include "absl/time/time.h"
#include "common/clock.h"
#include "source/cache_inspection.h"
#include "source/invalidation.h"
#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

struct MetadataCachingOptions {
  size_t capacity_bytes = size_t{512} << 20;  // of attributes and listings together
  absl::Duration negative_ttl = absl::Seconds(10);
  absl::Duration metadata_ttl = absl::InfiniteDuration();
};

// Statistics, layer "metadata_cache": those of lru_cache.h for "attributes_" and "listings_", and
// revalidations, revalidations_unchanged, stale_blocks, invalidations.
class MetadataCachingSource : public Source,
                              public Measurable,
                              public Inspectable,
                              public Invalidatable {};

// REQUIRES: `base` and `clock` outlive the result.
std::unique_ptr<MetadataCachingSource> MakeMetadataCachingSource(
    Source& base, const MetadataCachingOptions& options, const Clock& clock);

}  // namespace coppice

#endif  // COPPICE_SOURCE_METADATA_CACHING_SOURCE_H_
