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
    queue.push_back({number, EncodeExchangeRequest(request)});
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

void ExchangeStream::Refuse(const absl::Status& why) {
  MutexLock lock(mutex_);
  if (refused_.ok()) refused_ = why;
  CloseLocked();
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
  if (TakeFrom(demanded_, kExchangePackMax)) return true;
  return TakeFrom(speculative_, kSpeculativeMax - speculative_sent_);
}

bool ExchangeStream::TakeFrom(std::deque<Outgoing>& queue, size_t room) {
  room = std::min(room, kExchangePackMax);
  std::string message;
  while (room > 0 && !queue.empty()) {
    const Outgoing& next = queue.front();
    if (!message.empty() && message.size() + next.bytes.size() > kExchangePackBytesMax) break;
    const auto request = requests_.find(next.number);
    if (request != requests_.end()) {  // else its time is over
      request->second.sent = true;
      if (request->second.speculative) ++speculative_sent_;
      message += next.bytes;
      --room;
    }
    queue.pop_front();
  }
  if (message.empty()) return false;
  const grpc::Slice slice(message);
  grpc::ByteBuffer bytes(&slice, 1);
  writing_now_.Swap(&bytes);
  ++counters_->messages_sent;
  return true;
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
  ++counters_->messages_received;
  grpc::ByteBuffer bytes;
  bytes.Swap(&incoming_);
  // `done` may take its time; what comes next can be read meanwhile, and this stream may end.
  const auto self = shared_from_this();
  StartRead(&incoming_);
  auto message = DecodeExchangeReplies(bytes);
  if (!message.ok()) return Refuse(message.status());  // whom it answers cannot be known
  bytes.Clear();
  std::vector<Done> dones;
  dones.reserve(message->replies_size());
  {
    MutexLock lock(mutex_);
    for (const v1::ExchangeReply& reply : message->replies()) dones.push_back(Take(reply.number()));
  }
  Pump();
  for (size_t i = 0; i < dones.size(); ++i) {
    if (dones[i] == nullptr) continue;
    v1::ExchangeReply& reply = *message->mutable_replies(static_cast<int>(i));
    const absl::Status status = ExchangeStatus(reply);
    if (status.ok()) {
      std::move(dones[i])(std::move(*reply.mutable_reply()));
    } else {
      std::move(dones[i])(status);
    }
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
    if (!refused_.ok()) {
      decoded = TransportFailure(refused_.message());
    } else if (status.ok()) {
      decoded = TransportFailure("the peer ended the stream");
    } else {
      decoded = DecodeStatus(status, *context_);
    }
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
