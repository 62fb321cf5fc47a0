// The asking side of Peer.Exchange (proto/peer.proto): small requests and their answers on one open
// stream. Not what the requests mean: PeerSource knows that.
//
// The stream is opened by the first request, and again by the first after one that broke. It is
// closed when nothing was asked for kExchangeIdle (exchange_stream.h), so that an idle node sends
// no pings.
//
//  - Requests are sent in the order of asking, those that somebody waits for first. Of speculative
//    ones, at most kSpeculativeMax are under way; the others wait here. What is asked while a
//    message is being written goes together as the next one (exchange_codec.h says how much).
//  - A stream that breaks fails all its requests, sent or not, with what gRPC said, as DecodeStatus
//    tells it: a failure of transport, when the way to the peer is broken.
//  - A request that has no answer in its time is DEADLINE_EXCEEDED without an errno; an answer that
//    comes later is dropped.
//
// Thread-safe. `done` runs once, on any thread, with no lock held.
#ifndef COPPICE_RPC_EXCHANGE_H_
#define COPPICE_RPC_EXCHANGE_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/peer.pb.h"
#include "rpc/exchange_counters.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace coppice {

class Exchange {
 public:
  // The reply of the method, serialised.
  using Done = absl::AnyInvocable<void(absl::StatusOr<std::string>) &&>;

  // Closes the stream; `done` of a request under way still runs.
  virtual ~Exchange() = default;

  // `message` is the request of the method, serialised.
  virtual void Ask(v1::ExchangeMethod method, std::string message, absl::Duration timeout,
                   bool speculative, Done done) = 0;

  virtual const ExchangeCounters& counters() const = 0;
};

// `wait_for_ready`: as in PeerSourceOptions.
std::unique_ptr<Exchange> MakeExchange(std::shared_ptr<grpc::Channel> channel, bool wait_for_ready);

}  // namespace coppice

#endif  // COPPICE_RPC_EXCHANGE_H_
