#include "deploy/tree_stop.h"

#include "absl/strings/str_cat.h"
#include "deploy/peer_target.h"
#include "grpcpp/grpcpp.h"
#include "proto/inspection.grpc.pb.h"
#include "rpc/peer_channels.h"

namespace coppice {

absl::StatusOr<v1::StopReply> StopByTree(const std::string& address, const v1::StopRequest& request,
                                         absl::Time deadline) {
  const auto stub = v1::Inspection::NewStub(OpenChannels(PeerTarget(address)).control);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::StopReply reply;
  const grpc::Status status = stub->Stop(&context, request, &reply);
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
