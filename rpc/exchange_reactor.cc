#include "rpc/exchange_reactor.h"

#include <grpcpp/support/status.h>

#include <string>
#include <utility>

#include "rpc/exchange_codec.h"

namespace coppice {

void ExchangeReactor::Close() {
  {
    MutexLock lock(mutex_);
    if (closing_) return;
    closing_ = true;
    end_ = absl::UnavailableError("the peer is shutting down");
  }
  Pump();
}

void ExchangeReactor::OnReadDone(bool ok) {
  v1::ExchangeRequest request;
  const bool valid = ok && DecodeMessage(incoming_, &request) && request.number() != 0;
  bool taken = false;
  {
    MutexLock lock(mutex_);
    reading_ = false;
    if (!ok) gone_ = true;
    if (!valid && !closing_) {
      closing_ = true;
      if (ok) end_ = absl::InvalidArgumentError("not a numbered request");
    }
    // What comes after Close is not taken: its caller hears that the stream has ended.
    taken = !closing_;
    if (taken) ++unanswered_;  // keeps this stream from ending
  }
  Pump();
  if (!taken) return;
  const uint64_t number = request.number();
  const bool speculative = request.speculative();
  owner_.Asked(std::move(request),
               [this, number, speculative](const absl::Status& status, grpc::ByteBuffer reply) {
                 Send(number, speculative, status, std::move(reply));
               });
}

void ExchangeReactor::Send(uint64_t number, bool speculative, const absl::Status& status,
                           grpc::ByteBuffer reply) {
  grpc::ByteBuffer bytes = EncodeExchangeReply(number, status, reply);
  {
    MutexLock lock(mutex_);
    --unanswered_;
    if (!gone_) (speculative ? speculative_ : demanded_).push_back(std::move(bytes));
  }
  Pump();
}

void ExchangeReactor::OnWriteDone(bool ok) {
  {
    MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) closing_ = gone_ = true;
  }
  Pump();
}

void ExchangeReactor::Pump() {
  bool read = false;
  bool write = false;
  bool finish = false;
  absl::Status end;
  {
    MutexLock lock(mutex_);
    if (finished_) return;
    if (gone_) {
      demanded_.clear();
      speculative_.clear();
    }
    auto& queue = demanded_.empty() ? speculative_ : demanded_;
    if (!writing_ && !queue.empty()) {
      write = writing_ = true;
      writing_now_.Clear();
      writing_now_.Swap(&queue.front());
      queue.pop_front();
    }
    // A write that another thread is about to start, or a read, must not come after Finish.
    finish = finished_ = closing_ && !writing_ && unanswered_ == 0 && reads_starting_ == 0;
    if (finish) end = end_;
    if (!closing_ && !reading_ && unanswered_ < kExchangeRequestsMax) {
      read = reading_ = true;
      ++reads_starting_;
    }
  }
  if (finish) {
    return Finish(
        grpc::Status(static_cast<grpc::StatusCode>(end.code()), std::string(end.message())));
  }
  if (write) StartWrite(&writing_now_);
  if (!read) return;
  StartRead(&incoming_);
  bool again = false;
  {
    MutexLock lock(mutex_);
    again = --reads_starting_ == 0 && closing_;
  }
  if (again) Pump();
}

void ExchangeReactor::OnDone() {
  owner_.Ended(*this);
  delete this;
}

}  // namespace coppice
