#include "peer_server/node.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/clock.h"
#include "common/status.h"
#include "peer_server/inspection_service.h"
#include "peer_server/tree_invalidator.h"
#include "peer_server/tree_links.h"
#include "peer_server/tree_sources.h"
#include "rpc/alarm_timer.h"
#include "rpc/block_memory_server.h"
#include "rpc/block_memory_socket.h"
#include "rpc/mount_registry.h"
#include "rpc/peer_service.h"
#include "rpc/server.h"
#include "source/block_allocator.h"
#include "source/shared_block_arena.h"
#include "spdlog/spdlog.h"

namespace coppice {
namespace {

class RunningNode final : public Node {
 public:
  explicit RunningNode(const NodeOptions& options)
      : options_(options),
        timer_(MakeAlarmTimer()),
        links_(options.places),
        mounts_(MakeMountRegistry(
            {.export_root = options.export_root, .node = options.places[0].self.name}, *timer_)) {}

  absl::Status Start() {
    auto arena = MakeSharedBlockArena(options_.stack.cache_bytes);
    if (!arena.ok()) return Annotate(arena.status(), "the memory of blocks (--cache_bytes)");
    arena_ = *std::move(arena);
    auto below = OpenTreeSources(links_,
                                 {.export_root = options_.export_root,
                                  .backing_threads = options_.backing_threads,
                                  .hop_timeout = options_.hop_timeout},
                                 *arena_, *timer_, clock_);
    if (!below.ok()) return below.status();
    below_ = *std::move(below);
    stack_ = AssembleStack(below_->source(), options_.stack, clock_, arena_.get());
    peer_service_ = MakePeerService(
        stack_->top(), *mounts_,
        {.is_shared = [this](const Block& block) { return arena_->Holds(block); }}, clock_);
    invalidator_ = std::make_unique<TreeInvalidator>(*stack_, *mounts_, links_, clock_);
    inspection_service_ =
        MakeInspectionService({.cache = *stack_,
                               .layers = [this] { return Statistics(); },
                               .mounts = *mounts_,
                               .places = options_.places,
                               .links = links_,
                               .invalidator = *invalidator_,
                               .clock = clock_,
                               .tcp_address = absl::StrJoin(options_.listen_addresses, ","),
                               .unix_socket = options_.unix_socket,
                               .export_root = options_.export_root});
    return Serve();
  }

  const std::string& tcp_address() const override { return tcp_address_; }

  void Shutdown(absl::Duration grace) override {
    mounts_->Close();
    peer_service_->Close();
    server_->Shutdown(grace);
  }

 private:
  absl::Status Serve() {
    PeerServerOptions server;
    if (!options_.unix_socket.empty()) {
      // Before the socket by which the client learns that we are here.
      auto block_memory = StartBlockMemoryServer(BlockMemorySocket(options_.unix_socket), *arena_);
      if (!block_memory.ok()) return block_memory.status();
      block_memory_ = *std::move(block_memory);
      server.listen_addresses.push_back(absl::StrCat("unix:", options_.unix_socket));
    }
    server.listen_addresses.insert(server.listen_addresses.end(), options_.listen_addresses.begin(),
                                   options_.listen_addresses.end());
    server.services = {&peer_service_->service(), inspection_service_.get()};
    auto running = StartPeerServer(server);
    if (!running.ok()) return running.status();
    server_ = *std::move(running);
    // The unix socket, when there is one, came first.
    const auto& addresses = server_->addresses();
    tcp_address_ =
        absl::StrJoin(addresses.end() - static_cast<ptrdiff_t>(options_.listen_addresses.size()),
                      addresses.end(), ",");
    return absl::OkStatus();
  }

  std::vector<LayerStatistics> Statistics() const {
    std::vector<LayerStatistics> layers = {peer_service_->Statistics()};
    for (LayerStatistics& layer : stack_->Statistics()) layers.push_back(std::move(layer));
    layers.push_back(arena_->Statistics());
    for (LayerStatistics& layer : below_->Statistics()) layers.push_back(std::move(layer));
    return layers;
  }

  // In the order of use: each thing is destroyed before what it stands on.
  const NodeOptions options_;
  const RealClock clock_;
  const std::unique_ptr<Timer> timer_;
  const TreeLinks links_;
  const std::unique_ptr<MountRegistry> mounts_;
  std::unique_ptr<SharedBlockArena> arena_;
  std::unique_ptr<TreeSources> below_;
  std::unique_ptr<CacheStack> stack_;
  std::unique_ptr<TreeInvalidator> invalidator_;
  std::unique_ptr<PeerService> peer_service_;
  std::unique_ptr<grpc::Service> inspection_service_;
  std::unique_ptr<BlockMemoryServer> block_memory_;
  std::unique_ptr<RunningServer> server_;
  std::string tcp_address_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Node>> StartNode(const NodeOptions& options) {
  auto node = std::make_unique<RunningNode>(options);
  if (absl::Status started = node->Start(); !started.ok()) return started;
  return node;
}

std::vector<TreePlace> AlonePlaces(const std::string& name) {
  TreePlace place;
  place.self.name = name;
  place.tree_size = 1;
  place.fanout = 1;
  return {place};
}

}  // namespace coppice
