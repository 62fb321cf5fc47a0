#include "fuse_client/pending_reply.h"

#include <cerrno>

#include "common/status.h"
#include "fuse_client/fuse_api.h"

namespace coppice {

std::shared_ptr<PendingReply> PendingReply::Start(fuse_req* request, InFlight& in_flight,
                                                  const InterruptPolicy& policy) {
  std::shared_ptr<PendingReply> reply(new PendingReply(request, in_flight, policy));
  reply->Arm();
  return reply;
}

PendingReply::PendingReply(fuse_req* request, InFlight& in_flight, const InterruptPolicy& policy)
    : request_(request), in_flight_(in_flight), policy_(policy) {
  in_flight_.Begin();
}

void PendingReply::Arm() {
  // Runs OnInterrupt at once when the interrupt overtook its request.
  fuse_req_interrupt_func(request_, &PendingReply::OnInterrupt, this);
  State expected = State::kArming;
  if (state_.compare_exchange_strong(expected, State::kPending)) return;
  state_ = State::kAnswered;
  fuse_req_interrupt_func(request_, nullptr, nullptr);
  fuse_reply_err(request_, EINTR);
}

PendingReply::~PendingReply() {
  Fail(EIO);
  in_flight_.End();
}

void PendingReply::OnInterrupt(fuse_req* request, void* self) {
  auto* const reply = static_cast<PendingReply*>(self);
  if (!reply->policy_(fuse_req_ctx(request)->pid)) return;
  State expected = State::kArming;
  if (reply->state_.compare_exchange_strong(expected, State::kInterruptedWhileArming)) return;
  expected = State::kPending;
  // Once the state has changed, `reply` may be gone at any moment.
  if (!reply->state_.compare_exchange_strong(expected, State::kAnswered)) return;
  fuse_reply_err(request, EINTR);
}

bool PendingReply::Answer(absl::FunctionRef<int(fuse_req*)> reply) {
  State expected = State::kPending;
  if (!state_.compare_exchange_strong(expected, State::kAnswered)) return false;
  fuse_req_interrupt_func(request_, nullptr, nullptr);
  return reply(request_) == 0;
}

void PendingReply::Fail(const absl::Status& status) { Fail(StatusErrno(status)); }

void PendingReply::Fail(int error_number) {
  Answer([error_number](fuse_req* request) { return fuse_reply_err(request, error_number); });
}

}  // namespace coppice
