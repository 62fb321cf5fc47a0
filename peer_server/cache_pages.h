// Cuts what the caches hold into pages, for Inspection.ListCache (proto/inspection.proto).
#ifndef COPPICE_PEER_SERVER_CACHE_PAGES_H_
#define COPPICE_PEER_SERVER_CACHE_PAGES_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/inspection.pb.h"
#include "source/cache_inspection.h"

namespace coppice {

inline constexpr size_t kPageSizeDefault = 100;
inline constexpr size_t kPageSizeMax = 1'000;

// One page. A page token is the last item of the page before, so that paging goes on where it was,
// also when items come and go in between. INVALID_ARGUMENT for a token that no answer gave.
// Thread-safe: pure, but for what `cache` holds.
absl::StatusOr<v1::ListCacheReply> CachePage(const Inspectable& cache,
                                             const v1::ListCacheRequest& request, absl::Time now);

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_CACHE_PAGES_H_
