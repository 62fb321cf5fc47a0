#include "deploy/stop_notice.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "common/mutex.h"
#include "common/status.h"
#include "grpcpp/grpcpp.h"
#include "proto/membership.grpc.pb.h"
#include "rpc/grpc_lifetime.h"

namespace coppice {
namespace {

absl::Status StatusOf(const grpc::Status& status, const std::string& socket,
                      absl::string_view what) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat(what, " the peer at '", socket, "': ", status.error_message()));
}

class GrpcStopNotice final : public StopNotice {
 public:
  GrpcStopNotice(const std::string& socket, FileDescriptor ended)
      : socket_(socket),
        ended_(std::move(ended)),
        // Nobody else's connection: it ends with this, and only then.
        channel_(grpc::CreateCustomChannel(absl::StrCat("unix:", socket),
                                           grpc::InsecureChannelCredentials(), OwnConnection())),
        stub_(v1::Membership::NewStub(channel_)) {
    // Not wait_for_ready: a peer that is gone is an answer.
    stub_->async()->AwaitStop(&context_, &request_, &reply_,
                              [this](const grpc::Status& status) { Ended(status); });
  }

  ~GrpcStopNotice() override {
    context_.TryCancel();
    held_context_.TryCancel();
    MutexLock lock(mutex_);
    while (calls_ > 0) call_ended_.Wait(mutex_);
  }

  int descriptor() const override { return ended_.get(); }

  absl::Status outcome() const override {
    MutexLock lock(mutex_);
    return outcome_;
  }
  std::string reason() const override {
    MutexLock lock(mutex_);
    return reason_;
  }
  absl::Duration time_left() const override {
    MutexLock lock(mutex_);
    return std::max(absl::ZeroDuration(), clean_by_ - absl::Now());
  }

  absl::Status ReportCleanedUp(const std::string& problem, absl::Time deadline) override {
    if (absl::Status stopped = outcome(); !stopped.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the job was not stopped by the tree: ", stopped.message()));
    }
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(deadline));
    v1::ReportCleanedUpRequest request;
    request.set_problem(problem);
    v1::ReportCleanedUpReply reply;
    return StatusOf(stub_->ReportCleanedUp(&context, request, &reply), socket_,
                    "tell what was cleaned up to");
  }

 private:
  static grpc::ChannelArguments OwnConnection() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return arguments;
  }

  void Ended(const grpc::Status& status) {
    if (status.ok()) HoldCall();
    {
      MutexLock lock(mutex_);
      outcome_ = StatusOf(status, socket_, "await the stop of");
      if (status.ok()) {
        reason_ = reply_.reason();
        clean_by_ = absl::Now() + absl::Nanoseconds(static_cast<int64_t>(reply_.time_left_ns()));
      }
    }
    // The counter is at 0: it cannot fail.
    eventfd_write(ended_.get(), 1);
    MutexLock lock(mutex_);
    CallEnded();
  }

  // Until what was cleaned up is told: by its end the peer learns that we died before.
  void HoldCall() {
    {
      MutexLock lock(mutex_);
      ++calls_;
    }
    stub_->async()->AwaitStop(&held_context_, &request_, &held_reply_, [this](const grpc::Status&) {
      MutexLock lock(mutex_);
      CallEnded();
    });
  }

  void CallEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    --calls_;
    call_ended_.NotifyAll();
  }

  const std::string socket_;
  const FileDescriptor ended_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Membership::Stub> stub_;
  const v1::AwaitStopRequest request_;
  grpc::ClientContext context_;
  v1::AwaitStopReply reply_;
  grpc::ClientContext held_context_;
  v1::AwaitStopReply held_reply_;

  mutable Mutex mutex_;
  CondVar call_ended_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 1;
  absl::Status outcome_ ABSL_GUARDED_BY(mutex_) =
      absl::FailedPreconditionError("the wait for the stop has not ended");
  std::string reason_ ABSL_GUARDED_BY(mutex_);
  absl::Time clean_by_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace

absl::StatusOr<std::unique_ptr<StopNotice>> OpenStopNotice(const std::string& socket) {
  KeepGrpcInitialised();
  FileDescriptor ended(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!ended.valid()) return ErrnoStatus(errno, "eventfd");
  return std::make_unique<GrpcStopNotice>(socket, std::move(ended));
}

}  // namespace coppice
