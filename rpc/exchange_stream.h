// One stream of Peer.Exchange on the asking side, with its requests. Made by Exchange, one after
// the other; says what exchange.h promises.
//
// Thread-safe. Keeps itself alive until gRPC is done with it.
#ifndef COPPICE_RPC_EXCHANGE_STREAM_H_
#define COPPICE_RPC_EXCHANGE_STREAM_H_

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/client_callback.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "proto/peer.pb.h"
#include "rpc/exchange_counters.h"

namespace grpc {
template <class Request, class Response>
class TemplatedGenericStub;
}  // namespace grpc

namespace coppice {

inline constexpr size_t kSpeculativeMax = 64;
inline constexpr absl::Duration kExchangeIdle = absl::Seconds(30);

class ExchangeStream final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                             public std::enable_shared_from_this<ExchangeStream> {
 public:
  // As Exchange::Done.
  using Done = absl::AnyInvocable<void(absl::StatusOr<std::string>) &&>;
  using Stub = grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer>;

  explicit ExchangeStream(std::shared_ptr<ExchangeCounters> counters)
      : counters_(std::move(counters)) {}

  // Call once.
  void Start(Stub& stub, bool wait_for_ready);

  // False: the stream has ended or is about to, and neither `request` nor `done` was touched. The
  // number of the request is given here. May be called before Start.
  bool Ask(v1::ExchangeRequest& request, absl::Duration timeout, Done& done);

  // Takes no more requests and ends.
  void Close();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  struct Request {
    Done done;
    absl::Time deadline;
    bool speculative;
    bool sent = false;
  };
  struct Outgoing {
    uint64_t number;
    std::string bytes;
  };

  // Writes what is next or, when the stream is closing and nothing is being written, lets it end.
  void Pump();
  // Makes the next message, of what waits to be sent.
  bool TakeNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The same of one of the queues, as far as `room` requests.
  bool TakeFrom(std::deque<Outgoing>& queue, size_t room) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Done Take(uint64_t number) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CloseLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Ends the stream because of what the peer sent.
  void Refuse(const absl::Status& why);
  void SetAlarm(absl::Time time) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The alarm's: fails what waited for too long, and ends a stream that nobody uses.
  void LookAtTheClock();

  const std::shared_ptr<ExchangeCounters> counters_;
  grpc::ByteBuffer incoming_;     // of the read that is always on its way
  grpc::ByteBuffer writing_now_;  // gRPC's while writing_

  Mutex mutex_;
  std::shared_ptr<ExchangeStream> self_ ABSL_GUARDED_BY(mutex_);
  std::optional<grpc::ClientContext> context_ ABSL_GUARDED_BY(mutex_){std::in_place};
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool held_ ABSL_GUARDED_BY(mutex_) = true;
  absl::Status refused_ ABSL_GUARDED_BY(mutex_);  // why we ended it, if the peer is to blame
  uint64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_number_seen_ ABSL_GUARDED_BY(mutex_) = 0;  // by the alarm
  absl::flat_hash_map<uint64_t, Request> requests_ ABSL_GUARDED_BY(mutex_);
  std::deque<Outgoing> demanded_ ABSL_GUARDED_BY(mutex_);
  std::deque<Outgoing> speculative_ ABSL_GUARDED_BY(mutex_);
  size_t speculative_sent_ ABSL_GUARDED_BY(mutex_) = 0;  // and not answered
  // Remade each time it is set; the one that it replaces never calls back.
  std::unique_ptr<grpc::Alarm> alarm_ ABSL_GUARDED_BY(mutex_);
  absl::Time alarm_time_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
};

}  // namespace coppice

#endif  // COPPICE_RPC_EXCHANGE_STREAM_H_
