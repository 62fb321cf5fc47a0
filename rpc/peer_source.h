// A remote peer as a Source: the client side of the service Peer (proto/peer.proto).
//
// Every call has a deadline, the earlier of the context's and hop_timeout from now.
//  - When the peer did not answer in hop_timeout and the reader's deadline has not come:
//  UNAVAILABLE, so
//    that there is time to ask elsewhere. When the reader's deadline passed: DEADLINE_EXCEEDED.
//  - A peer that could not be reached: UNAVAILABLE. Both of these are marked as failures of
//  transport
//    (status_codec.h), which is what a RetryingSource repeats.
//  - What the peer answered keeps its code and its errno.
//  - A context with more than kHopsMax hops: FAILED_PRECONDITION, at once; the tree has a loop.
//  - An answer that is not valid: DATA_LOSS. A block whose length or checksum is wrong is asked for
//    once more before that.
// Errors name the peer. Does not cache, retry (but for that block), or share requests.
//
// Thread-safe. Destructor as the contract of Source.
#ifndef COPPICE_RPC_PEER_SOURCE_H_
#define COPPICE_RPC_PEER_SOURCE_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/clock.h"
#include "rpc/peer_channels.h"
#include "source/block_allocator.h"
#include "source/block_loader.h"
#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

struct PeerSourceOptions {
  // In errors: "nid001" or "the peer of this node".
  std::string peer;
  // Of the statistics: "parent", "ancestor_2", "peer".
  std::string layer = "parent";
  // How long one call may take here. Finite.
  absl::Duration hop_timeout = absl::Seconds(30);
  // True: a call waits for a connection until its deadline. False: it fails at once while the peer
  // refuses connections, for a caller that has others to ask.
  bool wait_for_ready = true;
};

// Counters: get_attributes, read_directory, read_block, load_block, find_extent,
// get_file_system_statistics (calls), errors (calls that failed), bytes_received (of blocks),
// crc_mismatches (blocks that came wrong).
//
// LoadBlock works with a peer whose memory this process reads; else it says false.
class PeerSource : public Source, public BlockLoader, public Measurable {};

// Both must outlive the source. Context.hops is counted up by one on the way out.
std::unique_ptr<PeerSource> MakePeerSource(PeerChannels channels, PeerSourceOptions options,
                                           BlockAllocator& allocator, const Clock& clock);

}  // namespace coppice

#endif  // COPPICE_RPC_PEER_SOURCE_H_
