#include "deploy/inspection_client.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "proto/inspection.grpc.pb.h"

namespace coppice {

absl::StatusOr<PeerStatistics> AskPeerStatistics(const std::string& socket, absl::Time deadline) {
  const std::shared_ptr<grpc::Channel> channel =
      grpc::CreateChannel(absl::StrCat("unix:", socket), grpc::InsecureChannelCredentials());
  const auto stub = v1::Inspection::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::GetStatisticsReply reply;
  const grpc::Status status = stub->GetStatistics(&context, v1::GetStatisticsRequest(), &reply);
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        absl::StrCat("ask the peer at '", socket,
                                     "' for its statistics: ", status.error_message()));
  }
  PeerStatistics statistics;
  statistics.node = reply.node();
  for (const v1::LayerStatistics& layer : reply.layers()) {
    statistics.layers[layer.layer()].insert(layer.counters().begin(), layer.counters().end());
  }
  for (const v1::MountStatistics& mount : reply.mounts()) {
    statistics.mounts.push_back(
        {mount.mount_point(), Counters(mount.counters().begin(), mount.counters().end())});
  }
  return statistics;
}

}  // namespace coppice
