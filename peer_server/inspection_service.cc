#include "peer_server/inspection_service.h"

#include <cstddef>
#include <utility>

#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "peer_server/cache_pages.h"
#include "peer_server/stop_reactor.h"
#include "proto/inspection.grpc.pb.h"
#include "rpc/status_codec.h"

namespace coppice {
namespace {

// What a wait leaves of its caller's time, so that the answer arrives.
constexpr absl::Duration kReadinessAnswerMargin = absl::Milliseconds(200);

using Reactor = grpc::ServerUnaryReactor;

Reactor* Finish(grpc::CallbackServerContext& context, const absl::Status& status) {
  Reactor* reactor = context.DefaultReactor();
  reactor->Finish(EncodeStatus(status, context));
  return reactor;
}

void FillLayers(const std::vector<LayerStatistics>& layers, v1::GetStatisticsReply& reply) {
  for (const LayerStatistics& layer : layers) {
    v1::LayerStatistics& message = *reply.add_layers();
    message.set_layer(layer.layer);
    for (const auto& [name, value] : layer.counters) (*message.mutable_counters())[name] = value;
  }
}

void FillMounts(const std::vector<MountCounters>& mounts, v1::GetStatisticsReply& reply) {
  for (const MountCounters& mount : mounts) {
    v1::MountStatistics& message = *reply.add_mounts();
    message.set_mount_point(mount.mount_point);
    message.set_pid(mount.pid);
    for (const auto& [name, value] : mount.counters) (*message.mutable_counters())[name] = value;
  }
}

void FillNeighbour(const Neighbour& neighbour, grpc::Channel* channel, v1::TreeNeighbour& message) {
  message.set_node(neighbour.name);
  message.set_address(neighbour.address);
  message.set_channel(channel == nullptr ? "NONE" : ChannelStateName(*channel));
}

void FillPlace(const TreePlace& place, const TreeLinks& links, size_t tree,
               v1::PlaceInTree& message) {
  message.set_depth(place.depth);
  const TreeLink* parent = links.parent(tree);
  for (const Neighbour& ancestor : place.ancestors) {
    const bool is_parent = message.ancestors().empty();
    FillNeighbour(ancestor, is_parent ? parent->channels.control.get() : nullptr,
                  *message.add_ancestors());
  }
  for (const TreeLink& child : links.children(tree)) {
    FillNeighbour(child.neighbour, child.channels.control.get(), *message.add_children());
  }
}

class InspectionService final : public v1::Inspection::CallbackService {
 public:
  explicit InspectionService(InspectionSubjects subjects) : subjects_(std::move(subjects)) {}

  Reactor* ListCache(grpc::CallbackServerContext* context, const v1::ListCacheRequest* request,
                     v1::ListCacheReply* reply) override {
    absl::StatusOr<v1::ListCacheReply> page =
        CachePage(subjects_.cache, *request, subjects_.clock.Now());
    if (page.ok()) *reply = *std::move(page);
    return Finish(*context, page.status());
  }

  Reactor* GetStatistics(grpc::CallbackServerContext* context, const v1::GetStatisticsRequest*,
                         v1::GetStatisticsReply* reply) override {
    Reactor* reactor = context->DefaultReactor();
    reply->set_node(subjects_.places[0].self.name);
    FillLayers(subjects_.layers(), *reply);
    subjects_.mounts.CollectStatistics(kMountStatisticsTimeout,
                                       [reactor, reply](std::vector<MountCounters> mounts) {
                                         FillMounts(mounts, *reply);
                                         reactor->Finish(grpc::Status::OK);
                                       });
    return reactor;
  }

  Reactor* GetTreePlace(grpc::CallbackServerContext* context, const v1::GetTreePlaceRequest*,
                        v1::GetTreePlaceReply* reply) override {
    const TreePlace& place = subjects_.places[0];
    reply->set_node(place.self.name);
    reply->set_tree_size(place.tree_size);
    reply->set_fanout(place.fanout);
    for (size_t tree = 0; tree < subjects_.places.size(); ++tree) {
      FillPlace(subjects_.places[tree], subjects_.links, tree, *reply->add_trees());
    }
    // As a reply had them when there was one tree.
    reply->set_depth(reply->trees(0).depth());
    *reply->mutable_ancestors() = reply->trees(0).ancestors();
    *reply->mutable_children() = reply->trees(0).children();
    reply->set_tcp_address(subjects_.tcp_address);
    reply->set_unix_socket(subjects_.unix_socket);
    reply->set_export_root(subjects_.export_root);
    return Finish(*context, absl::OkStatus());
  }

  Reactor* Invalidate(grpc::CallbackServerContext* context, const v1::InvalidateRequest* request,
                      v1::InvalidateReply* reply) override {
    Reactor* reactor = context->DefaultReactor();
    subjects_.invalidator.Invalidate(
        *request, absl::FromChrono(context->deadline()),
        [context, reactor, reply](absl::StatusOr<v1::InvalidateReply> outcome) {
          if (outcome.ok()) *reply = *std::move(outcome);
          reactor->Finish(EncodeStatus(outcome.status(), *context));
        });
    return reactor;
  }

  Reactor* GetReadiness(grpc::CallbackServerContext* context,
                        const v1::GetReadinessRequest* request,
                        v1::GetReadinessReply* reply) override {
    if (absl::Status job = subjects_.stopper.CheckJob(request->tree_file()); !job.ok()) {
      return Finish(*context, job);
    }
    Reactor* reactor = context->DefaultReactor();
    const absl::Duration left =
        absl::FromChrono(context->deadline()) - subjects_.clock.Now() - kReadinessAnswerMargin;
    subjects_.readiness.Ask(*request, left,
                            [context, reactor, reply](absl::StatusOr<v1::GetReadinessReply> said) {
                              if (said.ok()) *reply = *std::move(said);
                              reactor->Finish(EncodeStatus(said.status(), *context));
                            });
    return reactor;
  }

  Reactor* Stop(grpc::CallbackServerContext* context, const v1::StopRequest* request,
                v1::StopReply* reply) override {
    if (absl::Status job = subjects_.stopper.CheckJob(request->tree_file()); !job.ok()) {
      return Finish(*context, job);
    }
    auto* const reactor = new StopReactor(subjects_.stopper);
    subjects_.stopper.Stop(*request, absl::FromChrono(context->deadline()),
                           [context, reactor, reply](absl::StatusOr<v1::StopReply> outcome) {
                             if (outcome.ok()) *reply = *std::move(outcome);
                             reactor->Finish(EncodeStatus(outcome.status(), *context));
                           });
    return reactor;
  }

 private:
  const InspectionSubjects subjects_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeInspectionService(InspectionSubjects subjects) {
  return std::make_unique<InspectionService>(std::move(subjects));
}

}  // namespace coppice
