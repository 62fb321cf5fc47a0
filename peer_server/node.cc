#include "peer_server/node.h"

#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/clock.h"
#include "common/status.h"
#include "peer_server/inspection_service.h"
#include "peer_server/keeper_watch.h"
#include "peer_server/membership_service.h"
#include "peer_server/outgoing_calls.h"
#include "peer_server/path_watch.h"
#include "peer_server/readiness_board.h"
#include "peer_server/readiness_waits.h"
#include "peer_server/subtree_reporter.h"
#include "peer_server/tree_invalidator.h"
#include "peer_server/tree_links.h"
#include "peer_server/tree_proof.h"
#include "peer_server/tree_sources.h"
#include "peer_server/tree_stopper.h"
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
        roster_(options.roster != nullptr
                    ? options.roster
                    : std::make_shared<const Roster>(options.places[0].self.name)),
        board_(*roster_, options.places[0].index, std::random_device()(), clock_),
        waits_(board_, *timer_),
        reporter_(board_, links_.parent(), calls_, *timer_, clock_),
        paths_(links_, calls_, *timer_, clock_, [this](bool all) { board_.SetConnected(all); }),
        mounts_(MakeMountRegistry({.export_root = options.export_root,
                                   .node = options.places[0].self.name,
                                   .on_change = [this] { TellMounted(); }},
                                  *timer_)),
        keeper_(*timer_) {
    board_.SetOnChange([this] {
      waits_.Changed();
      reporter_.Changed();
    });
  }

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
    stopper_ =
        std::make_unique<TreeStopper>(TreeStopperOptions{.roster = *roster_,
                                                         .self = options_.places[0].index,
                                                         .tree_file = options_.tree_file,
                                                         .mounts = *mounts_,
                                                         .keeper = keeper_,
                                                         .links = links_,
                                                         .calls = calls_,
                                                         .clock = clock_,
                                                         .layers = [this] { return Statistics(); },
                                                         .timeout = options_.stop_timeout,
                                                         .on_stopped = options_.on_stopped});
    proof_.emplace(stack_->top(), links_.tree_count());
    membership_service_ = MakeMembershipService({.board = board_,
                                                 .paths = paths_,
                                                 .proof = *proof_,
                                                 .stopper = *stopper_,
                                                 .keeper = keeper_,
                                                 .clock = clock_,
                                                 .tree_count = links_.tree_count(),
                                                 .proof_timeout = options_.hop_timeout});
    inspection_service_ =
        MakeInspectionService({.cache = *stack_,
                               .layers = [this] { return Statistics(); },
                               .mounts = *mounts_,
                               .places = options_.places,
                               .links = links_,
                               .invalidator = *invalidator_,
                               .readiness = waits_,
                               .stopper = *stopper_,
                               .clock = clock_,
                               .tcp_address = absl::StrJoin(options_.listen_addresses, ","),
                               .unix_socket = options_.unix_socket,
                               .export_root = options_.export_root});
    if (absl::Status served = Serve(); !served.ok()) return served;
    paths_.Start();
    reporter_.Start();
    return absl::OkStatus();
  }

  const std::string& tcp_address() const override { return tcp_address_; }

  void Shutdown(absl::Duration grace) override {
    // First who waits for others here: the server waits for their answers.
    paths_.Close();
    reporter_.Close();
    waits_.Close();
    keeper_.Close();
    mounts_->Close();
    peer_service_->Close();
    calls_.CloseAndWait();
    server_->Shutdown(grace);
  }

 private:
  void TellMounted() {
    // Two mounts may change at once, and what one has seen be told after the other has told more.
    for (bool told = false, mounted = false; !told; told = (mounts_->mounted() > 0) == mounted) {
      mounted = mounts_->mounted() > 0;
      board_.SetMounted(mounted);
    }
  }

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
    server.services = {&peer_service_->service(), membership_service_.get(),
                       inspection_service_.get()};
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
  OutgoingCalls calls_;
  const std::shared_ptr<const Roster> roster_;
  ReadinessBoard board_;
  ReadinessWaits waits_;
  SubtreeReporter reporter_;
  PathWatch paths_;
  const std::unique_ptr<MountRegistry> mounts_;
  KeeperWatch keeper_;
  std::unique_ptr<SharedBlockArena> arena_;
  std::unique_ptr<TreeSources> below_;
  std::unique_ptr<CacheStack> stack_;
  std::unique_ptr<TreeInvalidator> invalidator_;
  std::unique_ptr<PeerService> peer_service_;
  std::unique_ptr<TreeStopper> stopper_;
  std::optional<TreeProof> proof_;
  std::unique_ptr<grpc::Service> membership_service_;
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
