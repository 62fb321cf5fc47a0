#include "rpc/exchange_reactor.h"

#include <grpcpp/support/status.h>

#include <string>
#include <utility>

#include "rpc/exchange_codec.h"

namespace coppice {

void ExchangeReactor::Close() {
  Step step;
  {
    MutexLock lock(mutex_);
    if (closing_) return;
    closing_ = true;
    end_ = absl::UnavailableError("the peer is shutting down");
    step = Next();
  }
  Take(step);
}

void ExchangeReactor::OnReadDone(bool ok) {
  v1::ExchangeRequest request;
  const bool valid = ok && DecodeMessage(incoming_, &request) && request.number() != 0;
  bool taken = false;
  Step step;
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
    step = Next();
  }
  Take(step);
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
  Step step;
  {
    MutexLock lock(mutex_);
    --unanswered_;
    if (!gone_) (speculative ? speculative_ : demanded_).push_back(std::move(bytes));
    step = Next();
  }
  Take(step);
}

void ExchangeReactor::OnWriteDone(bool ok) {
  Step step;
  {
    MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) closing_ = gone_ = true;
    step = Next();
  }
  Take(step);
}

ExchangeReactor::Step ExchangeReactor::Next() {
  Step step;
  if (finished_) return step;
  if (gone_) {
    demanded_.clear();
    speculative_.clear();
  }
  auto& queue = demanded_.empty() ? speculative_ : demanded_;
  if (!writing_ && !queue.empty()) {
    step.write = writing_ = true;
    writing_now_.Clear();
    writing_now_.Swap(&queue.front());
    queue.pop_front();
  }
  if (!closing_ && !reading_ && unanswered_ < kExchangeRequestsMax) {
    step.read = reading_ = true;
    ++reads_starting_;
  }
  // A write that another thread is about to start, or a read, must not come after Finish.
  if (closing_ && !writing_ && unanswered_ == 0 && reads_starting_ == 0) {
    finished_ = true;
    step.finish = end_;
  }
  return step;
}

void ExchangeReactor::Take(const Step& step) {
  if (step.finish.has_value()) {
    return Finish(grpc::Status(static_cast<grpc::StatusCode>(step.finish->code()),
                               std::string(step.finish->message())));
  }
  // From here on, only what was decided on keeps this stream from ending on another thread.
  if (step.write) StartWrite(&writing_now_);
  if (!step.read) return;
  StartRead(&incoming_);
  Step after;
  {
    MutexLock lock(mutex_);
    --reads_starting_;
    if (closing_) after = Next();
  }
  if (after.finish.has_value() || after.write) Take(after);
}

void ExchangeReactor::OnDone() {
  owner_.Ended(*this);
  delete this;
}

}  // namespace coppice
