#include "deploy/inspection_client.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "deploy/peer_target.h"
#include "grpcpp/grpcpp.h"
#include "proto/inspection.grpc.pb.h"
#include "rpc/peer_channels.h"

namespace coppice {
namespace {

std::unique_ptr<v1::Inspection::Stub> ConnectTo(
    const std::string& peer, absl::Duration connect_max = kInspectionConnectMax) {
  return v1::Inspection::NewStub(OpenPatientChannel(PeerTarget(peer), connect_max));
}

absl::Status StatusOf(const grpc::Status& status, const std::string& peer, absl::string_view what) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(
      static_cast<absl::StatusCode>(status.error_code()),
      absl::StrCat("ask the peer at '", peer, "' ", what, ": ", status.error_message()));
}

// Of messages that have a place: the whole answer, for tree 0, and the place in one tree.
template <typename Place>
PeerPlaceInTree PlaceInTreeOf(const Place& place) {
  PeerPlaceInTree found = {.depth = place.depth()};
  const auto add = [](const auto& neighbours, std::vector<PeerNeighbour>& to) {
    for (const v1::TreeNeighbour& neighbour : neighbours) {
      to.push_back({neighbour.node(), neighbour.address(), neighbour.channel()});
    }
  };
  add(place.ancestors(), found.ancestors);
  add(place.children(), found.children);
  return found;
}

}  // namespace

absl::StatusOr<PeerStatistics> AskPeerStatistics(const std::string& peer, absl::Time deadline) {
  const auto stub = ConnectTo(peer);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::GetStatisticsReply reply;
  const absl::Status status =
      StatusOf(stub->GetStatistics(&context, v1::GetStatisticsRequest(), &reply), peer,
               "for its statistics");
  if (!status.ok()) return status;
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

absl::StatusOr<PeerPlace> AskPeerPlace(const std::string& peer, absl::Time deadline) {
  const auto stub = ConnectTo(peer);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::GetTreePlaceReply reply;
  const absl::Status status = StatusOf(
      stub->GetTreePlace(&context, v1::GetTreePlaceRequest(), &reply), peer, "for its place");
  if (!status.ok()) return status;
  PeerPlace place = {.node = reply.node(),
                     .tree_size = reply.tree_size(),
                     .fanout = reply.fanout(),
                     .tcp_address = reply.tcp_address(),
                     .export_root = reply.export_root()};
  for (const v1::PlaceInTree& tree : reply.trees()) place.trees.push_back(PlaceInTreeOf(tree));
  if (place.trees.empty()) place.trees.push_back(PlaceInTreeOf(reply));
  return place;
}

absl::StatusOr<Forgotten> AskToForget(const std::string& peer, const std::string& path,
                                      bool recursive, absl::Time deadline) {
  const auto stub = ConnectTo(peer, kPatientConnectMax);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::InvalidateRequest request;
  request.set_path(path);
  request.set_recursive(recursive);
  v1::InvalidateReply reply;
  const absl::Status status = StatusOf(stub->Invalidate(&context, request, &reply), peer,
                                       absl::StrCat("to forget '", path, "'"));
  if (!status.ok()) return status;
  return Forgotten{
      reply.nodes(), reply.mounts(), {reply.failures().begin(), reply.failures().end()}};
}

}  // namespace coppice
