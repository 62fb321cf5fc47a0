#include "rpc/exchange_stream.h"

#include <grpcpp/generic/generic_stub.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "rpc/exchange_codec.h"
#include "rpc/status_codec.h"

namespace coppice {
namespace {

constexpr char kMethod[] = "/coppice.v1.Peer/Exchange";

}  // namespace

void ExchangeStream::Start(Stub& stub, bool wait_for_ready) {
  grpc::ClientContext* context = nullptr;  // nobody destroys it before OnDone
  {
    MutexLock lock(mutex_);
    self_ = shared_from_this();
    context = &*context_;
  }
  context->set_wait_for_ready(wait_for_ready);
  stub.PrepareBidiStreamingCall(context, kMethod, grpc::StubOptions(), this);
  // Requests are written from outside of gRPC's reactions: the hold keeps the call from ending
  // between the decision to write and the write.
  AddHold();
  StartRead(&incoming_);
  StartCall();
  {
    MutexLock lock(mutex_);
    started_ = true;
  }
  Pump();
}

bool ExchangeStream::Ask(v1::ExchangeRequest& request, absl::Duration timeout, Done& done) {
  const absl::Time deadline = absl::Now() + timeout;
  {
    MutexLock lock(mutex_);
    if (closing_) return false;
    const uint64_t number = ++last_number_;
    request.set_number(number);
    requests_.emplace(number, Request{std::move(done), deadline, request.speculative()});
    auto& queue = request.speculative() ? speculative_ : demanded_;
    queue.push_back({number, EncodeMessage(request)});
    if (deadline < alarm_time_) SetAlarm(deadline);
  }
  Pump();
  return true;
}

void ExchangeStream::Close() {
  MutexLock lock(mutex_);
  CloseLocked();
}

void ExchangeStream::CloseLocked() {
  closing_ = true;
  // With the lock, so that OnDone does not destroy the context meanwhile. It neither waits nor
  // calls back.
  if (context_.has_value()) context_->TryCancel();
}

void ExchangeStream::Pump() {
  bool write = false;
  {
    MutexLock lock(mutex_);
    if (!started_ || writing_) return;
    if (closing_) {
      if (!held_) return;
      held_ = false;
    } else if (TakeNext()) {
      write = writing_ = true;
    } else {
      return;
    }
  }
  if (write) {
    StartWrite(&writing_now_);
  } else {
    RemoveHold();
  }
}

bool ExchangeStream::TakeNext() {
  for (;;) {
    const bool is_demanded = !demanded_.empty();
    if (!is_demanded && (speculative_.empty() || speculative_sent_ >= kSpeculativeMax)) {
      return false;
    }
    auto& queue = is_demanded ? demanded_ : speculative_;
    const Outgoing next = std::move(queue.front());
    queue.pop_front();
    const auto request = requests_.find(next.number);
    if (request == requests_.end()) continue;  // its time is over
    request->second.sent = true;
    if (!is_demanded) ++speculative_sent_;
    writing_now_ = next.bytes;
    return true;
  }
}

ExchangeStream::Done ExchangeStream::Take(uint64_t number) {
  const auto found = requests_.find(number);
  if (found == requests_.end()) return nullptr;
  if (found->second.speculative && found->second.sent) --speculative_sent_;
  Done done = std::move(found->second.done);
  requests_.erase(found);
  return done;
}

void ExchangeStream::OnReadDone(bool ok) {
  if (!ok) {
    {
      MutexLock lock(mutex_);
      closing_ = true;
    }
    return Pump();
  }
  grpc::ByteBuffer bytes;
  bytes.Swap(&incoming_);
  // `done` may take its time; what comes next can be read meanwhile, and this stream may end.
  const auto self = shared_from_this();
  StartRead(&incoming_);
  v1::ExchangeReply reply;
  if (!DecodeMessage(bytes, &reply)) return Close();  // whom it answers cannot be known
  bytes.Clear();
  Done done;
  {
    MutexLock lock(mutex_);
    done = Take(reply.number());
  }
  Pump();
  if (done == nullptr) return;
  const absl::Status status = ExchangeStatus(reply);
  if (status.ok()) {
    std::move(done)(std::move(*reply.mutable_reply()));
  } else {
    std::move(done)(status);
  }
}

void ExchangeStream::OnWriteDone(bool ok) {
  {
    MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) closing_ = true;  // reading fails as well, soon
  }
  Pump();
}

void ExchangeStream::OnDone(const grpc::Status& status) {
  absl::Status decoded;
  absl::flat_hash_map<uint64_t, Request> failed;
  std::unique_ptr<grpc::Alarm> alarm;
  std::shared_ptr<ExchangeStream> self;
  {
    MutexLock lock(mutex_);
    decoded = status.ok() ? TransportFailure("the peer ended the stream")
                          : DecodeStatus(status, *context_);
    context_.reset();
    failed.swap(requests_);
    alarm = std::move(alarm_);
    self.swap(self_);
  }
  for (auto& [number, request] : failed) std::move(request.done)(decoded);
}

void ExchangeStream::SetAlarm(absl::Time time) {
  alarm_ = std::make_unique<grpc::Alarm>();
  alarm_time_ = time;
  // The callback of an alarm that is destroyed runs too, at once and with false. Never from within
  // Set.
  alarm_->Set(absl::ToChronoTime(time), [weak = weak_from_this()](bool rang) {
    const auto stream = weak.lock();
    if (rang && stream != nullptr) stream->LookAtTheClock();
  });
}

void ExchangeStream::LookAtTheClock() {
  std::vector<Done> expired;
  {
    MutexLock lock(mutex_);
    if (closing_) return;
    const absl::Time now = absl::Now();
    absl::Time next = now + kExchangeIdle;
    std::vector<uint64_t> numbers;
    for (const auto& [number, request] : requests_) {
      if (request.deadline <= now) {
        numbers.push_back(number);
      } else {
        next = std::min(next, request.deadline);
      }
    }
    for (const uint64_t number : numbers) expired.push_back(Take(number));
    const bool is_idle = requests_.empty() && last_number_seen_ == last_number_;
    last_number_seen_ = last_number_;
    if (is_idle) {
      CloseLocked();
    } else {
      SetAlarm(next);
    }
  }
  Pump();
  for (Done& done : expired) {
    std::move(done)(absl::DeadlineExceededError("no answer in time"));
  }
}

}  // namespace coppice
