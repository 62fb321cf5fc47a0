#include "deploy/tree_stop.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/peer_target.h"
#include "grpcpp/grpcpp.h"
#include "proto/inspection.grpc.pb.h"
#include "rpc/peer_channels.h"

namespace coppice {
namespace {

// To the end of the first attempt at all addresses, the look-up of their name too. One that failed
// is no error here: a call over such a channel fails at once, and says why.
grpc::Status AwaitAttempt(grpc::Channel& channel, absl::Time deadline) {
  for (;;) {
    const grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
    if (state != GRPC_CHANNEL_IDLE && state != GRPC_CHANNEL_CONNECTING) return grpc::Status::OK;
    if (!channel.WaitForStateChange(state, absl::ToChronoTime(deadline))) {
      return {grpc::StatusCode::UNAVAILABLE, "it has not taken the connection in time"};
    }
  }
}

}  // namespace

absl::StatusOr<v1::StopReply> StopByTree(const std::string& address, const v1::StopRequest& request,
                                         absl::Time deadline, absl::Duration connect_max) {
  const auto channel = OpenPatientChannel(PeerTarget(address), connect_max);
  grpc::Status status = AwaitAttempt(*channel, std::min(deadline, absl::Now() + connect_max));
  v1::StopReply reply;
  if (status.ok()) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(deadline));
    status = v1::Inspection::NewStub(channel)->Stop(&context, request, &reply);
  }
  if (status.ok()) return reply;
  return absl::Status(
      static_cast<absl::StatusCode>(status.error_code()),
      absl::StrCat("ask the peer at '", address, "' to end the job: ", status.error_message()));
}

absl::flat_hash_set<std::string> NodesEnded(const v1::StopReply& stopped) {
  absl::flat_hash_set<std::string> ended;
  for (const v1::NodeSummary& node : stopped.nodes()) {
    if (node.problem().empty()) ended.insert(node.node());
  }
  return ended;
}

}  // namespace coppice
