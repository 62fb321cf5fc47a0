#include "deploy/root_readiness.h"

#include <grpcpp/grpcpp.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "deploy/peer_target.h"
#include "proto/inspection.grpc.pb.h"
#include "rpc/peer_channels.h"

namespace coppice {
namespace {

// One question under way. Shared with gRPC's callback, which may come after the asker has gone.
struct Question {
  FileDescriptor answered;  // an eventfd; what is below belongs to gRPC until it is readable
  grpc::ClientContext context;
  v1::GetReadinessRequest request;
  v1::GetReadinessReply reply;
  grpc::Status status;
};

class RootReadinessOverGrpc final : public RootReadiness {
 public:
  explicit RootReadinessOverGrpc(const std::string& address)
      : address_(address),
        stub_(v1::Inspection::NewStub(OpenPatientChannel(PeerTarget(address)))) {}

  absl::StatusOr<v1::GetReadinessReply> Ask(const v1::GetReadinessRequest& request,
                                            const WaitLimits& limits, AbsentPeer absent) override {
    auto question = std::make_shared<Question>();
    question->answered = FileDescriptor(eventfd(0, EFD_CLOEXEC));
    if (!question->answered.valid()) return ErrnoStatus(errno, "eventfd");
    question->request = request;
    question->context.set_wait_for_ready(absent == AbsentPeer::kIsAwaited);
    if (limits.deadline < absl::InfiniteFuture()) {
      question->context.set_deadline(absl::ToChronoTime(limits.deadline));
    }
    stub_->async()->GetReadiness(&question->context, &question->request, &question->reply,
                                 [question](grpc::Status status) {
                                   question->status = std::move(status);
                                   eventfd_write(question->answered.get(), 1);
                                 });
    const auto answered = WaitReadable({question->answered.get()}, limits);
    if (!answered.ok()) question->context.TryCancel();
    if (!answered.ok() && !absl::IsDeadlineExceeded(answered.status())) return answered.status();
    if (answered.ok() && question->status.ok()) return std::move(question->reply);
    // Of the two clocks, ours and gRPC's, either may be first.
    if (!answered.ok() || question->status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      return Failed(absl::DeadlineExceededError("no answer came in time"));
    }
    return Failed(absl::Status(static_cast<absl::StatusCode>(question->status.error_code()),
                               question->status.error_message()));
  }

 private:
  absl::Status Failed(const absl::Status& why) const {
    return absl::Status(why.code(), absl::StrCat("ask the peer at '", address_,
                                                 "' for its readiness: ", why.message()));
  }

  const std::string address_;
  const std::unique_ptr<v1::Inspection::Stub> stub_;
};

}  // namespace

std::unique_ptr<RootReadiness> RootReadiness::At(const std::string& address) {
  return std::make_unique<RootReadinessOverGrpc>(address);
}

}  // namespace coppice
