#include "peer_server/membership_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "peer_server/keeper_reactor.h"
#include "peer_server/stop_reactor.h"
#include "proto/membership.grpc.pb.h"
#include "rpc/status_codec.h"

namespace coppice {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

// What the keeper of a node says is taken from its own node alone, where the socket is ours.
absl::Status CheckFromOwnNode(const Context& context) {
  const std::string peer = context.peer();
  if (!absl::StartsWith(peer, "ipv4:") && !absl::StartsWith(peer, "ipv6:")) return absl::OkStatus();
  return absl::PermissionDeniedError(
      "this is asked by the unix socket of its own node's peer, and not over TCP");
}

class MembershipService final : public v1::Membership::CallbackService {
 public:
  explicit MembershipService(const MembershipParts& parts) : parts_(parts) {}

  Reactor* ReportSubtree(Context* context, const v1::SubtreeReport* request,
                         v1::SubtreeReportReply* reply) override {
    const absl::StatusOr<bool> report_all = parts_.board.Take(*request);
    if (report_all.ok()) reply->set_report_all(*report_all);
    return Finish(*context, report_all.status());
  }

  Reactor* AwaitPath(Context* context, const v1::AwaitPathRequest* request,
                     v1::AwaitPathReply*) override {
    if (request->tree() >= parts_.tree_count) {
      return Finish(*context,
                    absl::InvalidArgumentError(absl::StrCat("there is no tree ", request->tree(),
                                                            "; its tree file is another one")));
    }
    Reactor* const reactor = context->DefaultReactor();
    const absl::Duration left = absl::FromChrono(context->deadline()) - parts_.clock.Now();
    parts_.paths.Await(request->tree(), left, [context, reactor](const absl::Status& status) {
      reactor->Finish(EncodeStatus(status, *context));
    });
    return reactor;
  }

  Reactor* ReportProbe(Context* context, const v1::ReportProbeRequest* request,
                       v1::ReportProbeReply*) override {
    if (absl::Status own = CheckFromOwnNode(*context); !own.ok()) return Finish(*context, own);
    if (!request->problem().empty()) {
      parts_.board.SetProbed(request->problem());
      return Finish(*context, absl::OkStatus());
    }
    Reactor* const reactor = context->DefaultReactor();
    const absl::Time deadline =
        std::min(absl::FromChrono(context->deadline()), parts_.clock.Now() + parts_.proof_timeout);
    parts_.proof.Prove(deadline, [this, context, reactor](const absl::Status& status) {
      parts_.board.SetProbed(std::string(status.message()));
      reactor->Finish(EncodeStatus(status, *context));
    });
    return reactor;
  }

  Reactor* ReportWarming(Context* context, const v1::ReportWarmingRequest* request,
                         v1::ReportWarmingReply*) override {
    if (absl::Status own = CheckFromOwnNode(*context); !own.ok()) return Finish(*context, own);
    parts_.board.SetWarming(request->bytes(), request->done(), request->problem());
    return Finish(*context, absl::OkStatus());
  }

  Reactor* StopSubtree(Context* context, const v1::StopSubtreeRequest* request,
                       v1::StopSubtreeReply* reply) override {
    if (absl::Status job = parts_.stopper.CheckJob(request->tree_file()); !job.ok()) {
      return Finish(*context, job);
    }
    auto* const reactor = new StopReactor(parts_.stopper);
    parts_.stopper.StopSubtree(*request, absl::FromChrono(context->deadline()),
                               [reactor, reply](v1::StopSubtreeReply outcome) {
                                 *reply = std::move(outcome);
                                 reactor->Finish(grpc::Status::OK);
                               });
    return reactor;
  }

  Reactor* AwaitStop(Context* context, const v1::AwaitStopRequest*,
                     v1::AwaitStopReply* reply) override {
    if (absl::Status own = CheckFromOwnNode(*context); !own.ok()) return Finish(*context, own);
    auto* const reactor = new KeeperReactor(parts_.keeper);
    // gRPC runs none of the reactor's callbacks before it has it.
    reactor->SetKeeper(
        parts_.keeper.Await([context, reactor, reply](absl::StatusOr<v1::AwaitStopReply> answer) {
          if (answer.ok()) *reply = *std::move(answer);
          reactor->Finish(EncodeStatus(answer.status(), *context));
        }));
    return reactor;
  }

  Reactor* ReportCleanedUp(Context* context, const v1::ReportCleanedUpRequest* request,
                           v1::ReportCleanedUpReply*) override {
    if (absl::Status own = CheckFromOwnNode(*context); !own.ok()) return Finish(*context, own);
    return Finish(*context, parts_.keeper.CleanedUp(request->problem()));
  }

 private:
  static Reactor* Finish(Context& context, const absl::Status& status) {
    Reactor* const reactor = context.DefaultReactor();
    reactor->Finish(EncodeStatus(status, context));
    return reactor;
  }

  const MembershipParts parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeMembershipService(const MembershipParts& parts) {
  return std::make_unique<MembershipService>(parts);
}

}  // namespace coppice
