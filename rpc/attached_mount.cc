#include "rpc/attached_mount.h"

#include <grpcpp/support/status.h>

#include <optional>
#include <utility>

namespace coppice {

std::shared_ptr<AttachedMount> AttachedMount::Start(Owner& owner, v1::MountOrder welcome,
                                                    size_t orders_pending_max) {
  const std::shared_ptr<AttachedMount> mount(
      new AttachedMount(owner, std::move(welcome), orders_pending_max));
  {
    MutexLock lock(mount->mutex_);
    mount->self_ = mount;
  }
  mount->StartRead(&mount->incoming_);
  return mount;
}

AttachedMount::AttachedMount(Owner& owner, v1::MountOrder welcome, size_t orders_pending_max)
    : owner_(owner), orders_pending_max_(orders_pending_max) {
  MutexLock lock(mutex_);
  // First in the queue, so that no order comes before it.
  outgoing_.push_back(std::move(welcome));
}

void AttachedMount::Send(v1::MountOrder order, OnAnswer on_answer) {
  std::optional<Answer::Kind> refused;
  {
    MutexLock lock(mutex_);
    if (closing_) {
      refused = Answer::Kind::kGone;
    } else if (pending_.size() >= orders_pending_max_) {
      refused = Answer::Kind::kTooMany;
    } else {
      order.set_order(++last_order_);
      pending_.emplace(last_order_, std::move(on_answer));
      outgoing_.push_back(std::move(order));
    }
  }
  if (refused.has_value()) {
    std::move(on_answer)({.kind = *refused});
  } else {
    Pump();
  }
}

void AttachedMount::Close(const absl::Status& status) {
  std::map<uint64_t, OnAnswer> gone;
  {
    MutexLock lock(mutex_);
    if (closing_) return;
    closing_ = true;
    closing_status_ = status;
    outgoing_.clear();
    gone.swap(pending_);
  }
  for (auto& [order, on_answer] : gone) std::move(on_answer)({.kind = Answer::Kind::kGone});
  Pump();
}

void AttachedMount::Pump() {
  std::optional<absl::Status> finish;
  {
    MutexLock lock(mutex_);
    if (writing_ || finished_) return;
    if (closing_) {
      // Only now: gRPC takes no write after Finish, and one may be about to start on another thread
      // for as long as writing_ is set.
      finished_ = true;
      finish = closing_status_;
    } else if (!outgoing_.empty()) {
      writing_ = true;
      writing_now_ = std::move(outgoing_.front());
      outgoing_.pop_front();
    } else {
      return;
    }
  }
  if (finish.has_value()) {
    Finish(grpc::Status(static_cast<grpc::StatusCode>(finish->code()),
                        std::string(finish->message())));
  } else {
    StartWrite(&writing_now_);
  }
}

void AttachedMount::OnReadDone(bool ok) {
  if (!ok) return Close(absl::OkStatus());  // the client has gone
  if (!greeted_) {
    HandleHello();
  } else {
    HandleReport();
  }
  StartRead(&incoming_);
}

void AttachedMount::HandleHello() {
  if (!incoming_.has_hello()) {
    return Close(absl::InvalidArgumentError("the first report of a mount must be its hello"));
  }
  greeted_ = true;
  hello_ = incoming_.hello();
  owner_.Attached(*this);
  Pump();
}

void AttachedMount::HandleReport() {
  if (incoming_.has_mounted()) {
    if (!mounted_) owner_.Mounted(*this);
    mounted_ = true;
    return;
  }
  OnAnswer on_answer;
  {
    MutexLock lock(mutex_);
    const auto found = pending_.find(incoming_.order());
    if (found == pending_.end()) return;  // answered twice, or never ordered
    on_answer = std::move(found->second);
    pending_.erase(found);
  }
  std::move(on_answer)({.kind = Answer::Kind::kReport, .report = std::move(incoming_)});
}

void AttachedMount::OnWriteDone(bool ok) {
  {
    MutexLock lock(mutex_);
    writing_ = false;
  }
  if (!ok) Close(absl::OkStatus());
  Pump();  // also finishes a stream that was closed while this write was on its way
}

void AttachedMount::OnDone() {
  owner_.Detached(*this);
  std::shared_ptr<AttachedMount> self;  // destroyed last, without the lock
  MutexLock lock(mutex_);
  self.swap(self_);
}

}  // namespace coppice
