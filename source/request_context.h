// What travels with a request from the reader who asked to the source that answers.
#ifndef COPPICE_SOURCE_REQUEST_CONTEXT_H_
#define COPPICE_SOURCE_REQUEST_CONTEXT_H_

#include <cstdint>

#include "absl/time/time.h"

namespace coppice {

struct RequestContext {
  // When the reader gives up. Whoever puts the request on a wire enforces it (rpc/peer_source);
  // a layer in memory need not.
  absl::Time deadline = absl::InfiniteFuture();

  // For metadata: how old an answer the reader takes. A cache whose answer was confirmed by the
  // backing file system longer ago asks its own source.
  absl::Duration age_max = absl::InfiniteDuration();

  // For metadata, within one process: an answer that was true once will do, however old, because
  // the caller only wants what stays usable (names that exist) and asks again for the rest. Does
  // not travel: a cache that has nothing asks its source as usual.
  bool any_age = false;

  // For listings and blocks, within one process: only what is at hand, in a cache or in memory that
  // is shared; else NOT_FOUND without an errno.
  // REQUIRES: speculative.
  bool cached_only = false;

  // True for a request that no reader waits for (readahead). It may be dropped under load.
  bool speculative = false;

  // Within one process: it is wanted after all that is not deferred, and the last of those that are
  // is wanted first (pacing_source.h). REQUIRES: speculative.
  bool deferred = false;

  // Within one process: a layer of this process guesses it (speculation.h). What another asked for
  // ahead is not: that one may have a reader who waits for the same answer by now.
  // REQUIRES: speculative.
  bool guessed_here = false;

  // How many peers have passed the request on: bounds a loop in a broken tree.
  uint32_t hops = 0;
};

// More than any tree is deep.
inline constexpr uint32_t kHopsMax = 64;

}  // namespace coppice

#endif  // COPPICE_SOURCE_REQUEST_CONTEXT_H_
