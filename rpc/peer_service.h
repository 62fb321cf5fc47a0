// Offers a Source as the service Peer (proto/peer.proto), to children and to the local client.
//
// Checks requests before the source sees them: EINVAL for a path, page or version that cannot be,
// FAILED_PRECONDITION for more than kHopsMax hops, RESOURCE_EXHAUSTED beyond calls_in_flight_max.
// The deadline of a call becomes the deadline of the context, at most call_time_max from now.
// Blocks are sent from their own memory.
//
// A call that its caller gave up stays in flight until the source answered; the answer is dropped.
// So once the server is shut down, the source has no request from here.
//
// Thread-safe.
#ifndef COPPICE_RPC_PEER_SERVICE_H_
#define COPPICE_RPC_PEER_SERVICE_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "common/clock.h"
#include "rpc/mount_registry.h"
#include "source/layer_statistics.h"
#include "source/source.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace coppice {

struct PeerServiceOptions {
  // Calls that the source has not answered, of all callers together; streams of Attach and Exchange
  // have their own limits.
  size_t calls_in_flight_max = 4096;
  // A call without a deadline, or with one later than this, has this one: while the parent is away
  // its request would be repeated for ever, and the server's shutdown would wait for it.
  absl::Duration call_time_max = absl::Minutes(10);
  // Whether a block lies in the memory that this peer shares with the clients of its node.
  std::function<bool(const Block&)> is_shared = [](const Block& /*block*/) { return false; };
};

// Counters: get_attr, read_dir_plus, read_link, read, seek, fs_stat (requests, by calls and on
// streams together), exchange, attach (streams), bytes_sent (of blocks), blocks_shared (answered
// without bytes), refused (calls over the limit), invalid (requests that cannot be), errors (other
// failures); gauge: in_flight.
class PeerService : public Measurable {
 public:
  // To register with a server, which must be shut down before this is destroyed.
  virtual grpc::Service& service() = 0;

  // Ends every stream of Exchange as soon as its requests are answered, and takes no more. Call it
  // before the server's Shutdown, which would wait for these streams for the whole of its grace.
  virtual void Close() = 0;
};

// All three must outlive the service.
std::unique_ptr<PeerService> MakePeerService(Source& source, MountRegistry& mounts,
                                             PeerServiceOptions options, const Clock& clock);

}  // namespace coppice

#endif  // COPPICE_RPC_PEER_SERVICE_H_
