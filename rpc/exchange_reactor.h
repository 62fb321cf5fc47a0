// One stream of Peer.Exchange on the answering side (proto/peer.proto): takes requests, and sends
// the answers as they come, those that somebody waits for first. Made by PeerService.
//
// Answers that are ready at the same moment go as one message, of kExchangePackMax and
// kExchangePackBytesMax (exchange_codec.h) at most. An answer waits for nothing
// but, where several requests came together, until all of these were passed on.
//
// When kExchangeRequestsMax requests are taken that are not answered, the next wait on the wire.
// A stream that the caller gave up ends when the last of its requests was answered.
//
// Thread-safe. Deletes itself when gRPC is done with it.
#ifndef COPPICE_RPC_EXCHANGE_REACTOR_H_
#define COPPICE_RPC_EXCHANGE_REACTOR_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "common/mutex.h"
#include "proto/peer.pb.h"
#include "rpc/exchange_codec.h"

namespace coppice {

inline constexpr size_t kExchangeRequestsMax = 1'024;

class ExchangeReactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // With the reply message of the method, serialised, if the status is OK.
  using Answer = absl::AnyInvocable<void(const absl::Status&, grpc::ByteBuffer) &&>;

  // What the stream tells its owner.
  class Owner {
   public:
    virtual ~Owner() = default;
    // To be answered once, on any thread, possibly before this returns.
    virtual void Asked(v1::ExchangeRequest request, Answer answer) = 0;
    // The last word: it is deleted next.
    virtual void Ended(ExchangeReactor& stream) = 0;
  };

  explicit ExchangeReactor(Owner& owner) : owner_(owner) {}

  void Start() { StartRead(&incoming_); }

  // Takes no more requests, and ends when the last of those taken was answered.
  void Close();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override;

 private:
  void Ask(v1::ExchangeRequest request);
  void Send(uint64_t number, bool speculative, const absl::Status& status, grpc::ByteBuffer reply);
  // What is to be done next. Whoever decided on it, with the lock, does it, without.
  struct Step {
    bool read = false;
    bool write = false;
    std::optional<absl::Status> finish;
  };
  Step Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Answers that wait to be written.
  struct Queue {
    std::deque<ExchangeElement> answers;
    size_t bytes = 0;
  };
  // Whether the answers of a queue are to be written now.
  bool IsDue(const Queue& queue) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The next message of them.
  static grpc::ByteBuffer Pack(Queue& queue);
  void Take(const Step& step);

  Owner& owner_;
  grpc::ByteBuffer incoming_;     // gRPC's while reading_
  grpc::ByteBuffer writing_now_;  // gRPC's while writing_

  Mutex mutex_;
  bool reading_ ABSL_GUARDED_BY(mutex_) = true;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;  // no more requests
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;     // nor answers
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);  // what to finish with
  size_t reads_starting_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t asking_ ABSL_GUARDED_BY(mutex_) = 0;  // messages of several, being passed on
  Queue demanded_ ABSL_GUARDED_BY(mutex_);
  Queue speculative_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_RPC_EXCHANGE_REACTOR_H_
