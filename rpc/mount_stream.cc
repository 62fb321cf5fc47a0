#include "rpc/mount_stream.h"

#include <utility>

#include "rpc/status_codec.h"

namespace coppice {

void MountStream::Start(v1::Peer::Stub& stub, v1::MountReport hello,
                        std::shared_ptr<MountStream> self) {
  grpc::ClientContext* context = nullptr;  // nobody destroys it before OnDone
  {
    MutexLock lock(mutex_);
    self_ = std::move(self);
    outgoing_.push_back(std::move(hello));
    context = &*context_;
  }
  stub.async()->Attach(context, this);
  // Reports are written from outside of gRPC's reactions: the hold keeps the call from ending
  // between the decision to write and the write.
  AddHold();
  StartRead(&incoming_);
  Pump();
  StartCall();
}

void MountStream::Send(v1::MountReport report) {
  bool overflow = false;
  {
    MutexLock lock(mutex_);
    if (closing_) return;
    overflow = outgoing_.size() >= kReportsQueuedMax;
    if (!overflow) outgoing_.push_back(std::move(report));
  }
  if (overflow) return Cancel();
  Pump();
}

void MountStream::Cancel() {
  // With the lock, so that OnDone does not destroy the context meanwhile. It neither waits nor
  // calls back.
  MutexLock lock(mutex_);
  if (context_.has_value()) context_->TryCancel();
}

void MountStream::Pump() {
  bool write = false;
  {
    MutexLock lock(mutex_);
    if (writing_) return;
    if (closing_) {
      if (!held_) return;
      held_ = false;
      outgoing_.clear();
    } else {
      if (outgoing_.empty()) return;
      write = writing_ = true;
      writing_now_ = std::move(outgoing_.front());
      outgoing_.pop_front();
    }
  }
  if (write) {
    StartWrite(&writing_now_);
  } else {
    RemoveHold();
  }
}

void MountStream::OnReadDone(bool ok) {
  std::shared_ptr<MountStream> self;
  {
    MutexLock lock(mutex_);
    if (!ok) closing_ = true;
    self = self_;
  }
  if (!ok) return Pump();
  owner_.Ordered(incoming_, std::move(self));
  StartRead(&incoming_);
}

void MountStream::OnWriteDone(bool ok) {
  {
    MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) closing_ = true;  // reading fails as well, soon
  }
  Pump();
}

void MountStream::OnDone(const grpc::Status& status) {
  absl::Status decoded;
  std::shared_ptr<MountStream> self;
  {
    MutexLock lock(mutex_);
    decoded = DecodeStatus(status, *context_);
    context_.reset();
    self.swap(self_);
  }
  owner_.Ended(decoded);
}

}  // namespace coppice
