// Repeats requests that failed in transport, so that a client survives a restart of its peer, or
// that a peer refused because it has too many, so that a busy tree is slow and not broken.
//
// Only what IsTransportFailure and IsOverload say (status_codec.h) is repeated; what else the peer
// answered is an answer. Repeated until the context's deadline, first after `backoff_min`, then
// twice as long each time up to `backoff_max`. When the deadline comes before the next try, the
// last failure is returned at once. A speculative request is not repeated: nobody waits for it.
//
// Not for a peer that has other peers to ask: that is FallbackSource.
//
// Thread-safe. Destructor as the contract of Source.
#ifndef COPPICE_RPC_RETRYING_SOURCE_H_
#define COPPICE_RPC_RETRYING_SOURCE_H_

#include <memory>

#include "absl/time/time.h"
#include "common/clock.h"
#include "rpc/peer_source.h"
#include "rpc/timer.h"
#include "source/block_loader.h"
#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

struct RetryingSourceOptions {
  absl::Duration backoff_min = absl::Milliseconds(50);
  absl::Duration backoff_max = absl::Seconds(1);
};

// Counters: retries, recovered (requests that a retry saved), given_up (at the deadline).
class RetryingSource : public Source, public BlockLoader, public Measurable {};

// All three must outlive the source. LoadBlock is for MakeRetryingPeer's alone.
std::unique_ptr<RetryingSource> MakeRetryingSource(Source& base, RetryingSourceOptions options,
                                                   Timer& timer, const Clock& clock);
std::unique_ptr<RetryingSource> MakeRetryingPeer(PeerSource& peer, RetryingSourceOptions options,
                                                 Timer& timer, const Clock& clock);

}  // namespace coppice

#endif  // COPPICE_RPC_RETRYING_SOURCE_H_
