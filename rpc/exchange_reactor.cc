#include "rpc/exchange_reactor.h"

#include <grpcpp/support/status.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

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
  absl::StatusOr<v1::ExchangeRequests> message = absl::CancelledError();
  if (ok) message = DecodeExchangeRequests(incoming_);
  const size_t count = message.ok() ? message->requests_size() : 0;
  bool taken = false;
  Step step;
  {
    MutexLock lock(mutex_);
    reading_ = false;
    if (!ok) gone_ = true;
    if (!message.ok() && !closing_) {
      closing_ = true;
      if (ok) end_ = message.status();
    }
    // What comes after Close is not taken: its caller hears that the stream has ended.
    taken = !closing_;
    if (taken) {  // keeps this stream from ending
      unanswered_ += count;
      if (count > 1) ++asking_;
    }
    step = Next();
  }
  Take(step);
  if (!taken) return;
  // A single one may be answered, and this stream be gone, when it was passed on.
  for (v1::ExchangeRequest& request : *message->mutable_requests()) Ask(std::move(request));
  if (count == 1) return;
  {
    MutexLock lock(mutex_);
    --asking_;
    step = Next();
  }
  Take(step);
}

void ExchangeReactor::Ask(v1::ExchangeRequest request) {
  const uint64_t number = request.number();
  const bool speculative = request.speculative();
  owner_.Asked(std::move(request),
               [this, number, speculative](const absl::Status& status, grpc::ByteBuffer reply) {
                 Send(number, speculative, status, std::move(reply));
               });
}

void ExchangeReactor::Send(uint64_t number, bool speculative, const absl::Status& status,
                           grpc::ByteBuffer reply) {
  ExchangeElement answer = EncodeExchangeReply(number, status, reply);
  Step step;
  {
    MutexLock lock(mutex_);
    --unanswered_;
    if (!gone_) {
      Queue& queue = speculative ? speculative_ : demanded_;
      queue.bytes += answer.bytes;
      queue.answers.push_back(std::move(answer));
    }
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
  if (gone_) demanded_ = speculative_ = {};
  Queue& queue = demanded_.answers.empty() ? speculative_ : demanded_;
  if (!writing_ && IsDue(queue)) {
    step.write = writing_ = true;
    grpc::ByteBuffer message = Pack(queue);
    writing_now_.Swap(&message);
  }
  if (!closing_ && !reading_ && unanswered_ < kExchangeRequestsMax) {
    step.read = reading_ = true;
    ++reads_starting_;
  }
  // A write that another thread is about to start, or a read, must not come after Finish.
  if (closing_ && !writing_ && unanswered_ == 0 && reads_starting_ == 0 && asking_ == 0) {
    finished_ = true;
    step.finish = end_;
  }
  return step;
}

bool ExchangeReactor::IsDue(const Queue& queue) const {
  if (queue.answers.empty()) return false;
  return asking_ == 0 || queue.answers.size() >= kExchangePackMax ||
         queue.bytes >= kExchangePackBytesMax;
}

grpc::ByteBuffer ExchangeReactor::Pack(Queue& queue) {
  std::vector<grpc::Slice> slices;
  size_t bytes = 0;
  size_t count = 0;
  while (!queue.answers.empty() && count < kExchangePackMax) {
    ExchangeElement& next = queue.answers.front();
    if (count > 0 && bytes + next.bytes > kExchangePackBytesMax) break;
    bytes += next.bytes;
    ++count;
    std::move(next.slices.begin(), next.slices.end(), std::back_inserter(slices));
    queue.answers.pop_front();
  }
  queue.bytes -= bytes;
  return grpc::ByteBuffer(slices.data(), slices.size());
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
