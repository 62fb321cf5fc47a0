// fuse_client: mounts what the peer of this node serves.
//
// From the kernel down: SymlinkRewriting (if asked for), PythonPrefetching and
// NextDirectoryPrefetching (here, so that listings come this far), SharedReading (blocks, from the
// peer's memory), Promoting, SingleFlight, BlockCaching (a small one, for blocks that came as
// messages), MetadataCaching, Retrying (so that a restart of the peer is only a delay), PeerSource.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/process_tuning.h"
#include "common/ready_signal.h"
#include "common/shutdown_limit.h"
#include "common/status.h"
#include "common/termination.h"
#include "fuse_client/client_flags.h"
#include "fuse_client/fuse_session.h"
#include "fuse_client/mount_point.h"
#include "fuse_client/readahead_window.h"
#include "fuse_client/session_slot.h"
#include "fuse_client/symlink_rewriting_source.h"
#include "rpc/alarm_timer.h"
#include "rpc/block_memory_link.h"
#include "rpc/block_memory_socket.h"
#include "rpc/mount_link.h"
#include "rpc/peer_channels.h"
#include "rpc/peer_source.h"
#include "rpc/retrying_source.h"
#include "source/block_allocator.h"
#include "source/block_caching_source.h"
#include "source/metadata_caching_source.h"
#include "source/next_directory_prefetching_source.h"
#include "source/promoting_source.h"
#include "source/python_prefetching_source.h"
#include "source/shared_reading_source.h"
#include "source/single_flight_source.h"
#include "spdlog/spdlog.h"
#include "trace/touch_log.h"
#include "trace/trace_file.h"

namespace coppice {
namespace {

// Blocks are kept by the peer and in the kernel; here only while the kernel reads them piece by
// piece.
constexpr size_t kBlockCacheBytes = size_t{64} << 20;
constexpr size_t kMetadataCacheBytes = size_t{64} << 20;

// How long the end may take. Requests under way may wait for a peer, or a parent of its, that is
// gone, for as long as an operation may take; who waits for our end (stop, the epilogue of a job)
// is not made to.
constexpr absl::Duration kShutdownMax = absl::Seconds(3);

// Everything between the peer and the kernel.
class Client {
 public:
  explicit Client(const ClientFlags& flags)
      : flags_(flags),
        channels_(OpenChannels(flags.peer)),
        peer_(MakePeerSource(channels_, {.peer = "the peer of this node", .layer = "peer"},
                             *allocator_, clock_)),
        retrying_(MakeRetryingPeer(*peer_, {}, *timer_, clock_)),
        metadata_(MakeMetadataCachingSource(*retrying_,
                                            {.capacity_bytes = kMetadataCacheBytes,
                                             .negative_ttl = flags.negative_ttl,
                                             .metadata_ttl = flags.metadata_ttl},
                                            clock_)),
        blocks_(MakeBlockCachingSource(*metadata_, kBlockCacheBytes, clock_)),
        single_flight_(MakeSingleFlightSource(*blocks_, flags.negative_ttl, clock_)),
        promoting_(MakePromotingSource(*single_flight_, flags.negative_ttl, clock_)),
        shared_(MakeSharedReadingSource(*promoting_, *retrying_)),
        next_directory_(MakeNextDirectoryPrefetchingSource(*shared_)),
        python_(MakePythonPrefetchingSource(*next_directory_)),
        top_(python_.get()),
        slot_({metadata_.get(), single_flight_.get()}) {}

  ~Client() {
    // Orders first: they need the session.
    link_.reset();
    slot_.Set(nullptr);
    session_.reset();
  }

  absl::Status Start() {
    // Better to fail now than at the end of the run that was to be recorded.
    if (!flags_.record.empty()) {
      if (absl::Status status = CheckTraceFile(flags_.record); !status.ok()) return status;
    }
    link_ = StartMountLink(channels_.control, {.mount_point = flags_.mount_point, .pid = getpid()},
                           Callbacks(), *timer_);
    const absl::StatusOr<Welcome> welcome = link_->WaitForWelcome(flags_.operation_timeout);
    if (!welcome.ok()) {
      return Annotate(welcome.status(), absl::StrCat("no welcome from ", flags_.peer));
    }
    ShareBlockMemory();
    if (flags_.rewrite_symlinks) {
      rewriting_ = MakeSymlinkRewritingSource(
          *top_, {.export_root = welcome->export_root, .mount_point = flags_.mount_point});
      top_ = rewriting_.get();
    }
    if (absl::Status status = AskForRoot(); !status.ok()) return status;
    absl::StatusOr<std::unique_ptr<FuseSession>> session = MountFuse(
        {.source = *top_, .clock = clock_, .layers = {metadata_.get(), single_flight_.get()}},
        SessionOptions(), flags_.mount_point);
    if (!session.ok()) return session.status();
    session_ = *std::move(session);
    slot_.Set(session_.get());
    if (absl::Status status = SetReadaheadWindow(flags_.mount_point, kReadaheadKib); !status.ok()) {
      spdlog::info("the kernel reads ahead no further than usual: {}", status.ToString());
    }
    link_->ReportMounted();
    spdlog::info("mounted {} of {} at {}", welcome->export_root, welcome->node, flags_.mount_point);
    return absl::OkStatus();
  }

  // Whether the peer has ordered the end. It then waits for the end of our stream, which is to mean
  // that the mount is gone.
  bool stop_ordered() const { return stop_ordered_; }

  // What was recorded up to now, if anything is.
  void WriteRecord() const {
    if (flags_.record.empty()) return;
    const Trace trace = touch_log_.Snapshot();
    if (absl::Status status = WriteTraceFile(flags_.record, trace); !status.ok()) {
      spdlog::error("the recording is lost: {}", std::string(status.message()));
      return;
    }
    spdlog::info("recorded {} touches in {}", trace.touches.size(), flags_.record);
    if (!trace.complete) {
      spdlog::warn("the recording reached its limit of {} bytes: what came later is not in it",
                   TouchLog::kBytesMax);
    }
  }

 private:
  MountLinkCallbacks Callbacks() {
    return {.on_invalidate =
                [this](const Invalidation& invalidation, absl::AnyInvocable<void() &&> done) {
                  slot_.Invalidate(invalidation, std::move(done));
                },
            .on_statistics =
                [this] {
                  std::map<std::string, uint64_t> counters = slot_.Counters();
                  for (const auto& [name, value] : shared_->Statistics().counters) {
                    counters[absl::StrCat("blocks_", name)] = value;
                  }
                  counters["modules_ahead"] = python_->Statistics().counters["prefetched_blocks"];
                  counters["directories_ahead"] =
                      next_directory_->Statistics().counters["listings"];
                  return counters;
                },
            // Orders may have been missed: all that is known may be old.
            .on_reconnected =
                [this] {
                  spdlog::info("the peer is back: forgetting all that is known");
                  ShareBlockMemory();
                  slot_.Invalidate({.path = Path(), .recursive = true}, [] {});
                },
            // As a signal; main does the rest.
            .on_stop =
                [this] {
                  stop_ordered_ = true;
                  kill(getpid(), SIGTERM);
                }};
  }

  // Blocks are then read from the peer's memory. Without it they come as messages, which is slower.
  void ShareBlockMemory() {
    shared_->SetReader(nullptr);
    const std::string socket = BlockMemorySocket(flags_.peer);
    auto link = BlockMemoryLink::Connect(socket);
    if (!link.ok()) {
      spdlog::warn("no shared memory with the peer, so reading is slower: {}",
                   std::string(link.status().message()));
      return;
    }
    // Who holds the reader holds the link.
    const std::shared_ptr<BlockMemoryLink> held = *std::move(link);
    shared_->SetReader(std::shared_ptr<SharedBlockReader>(held, &held->reader()));
  }

  FuseSessionOptions SessionOptions() {
    FuseSessionOptions options;
    options.file_system = {.metadata_ttl = flags_.metadata_ttl,
                           .negative_ttl = flags_.negative_ttl,
                           .operation_timeout = flags_.operation_timeout,
                           .read_write_mount = flags_.read_write_mount};
    options.threads = flags_.threads;
    options.allow_other = flags_.allow_other;
    options.give_files_ahead = true;
    options.mount_options = flags_.mount_options;
    if (!flags_.record.empty()) options.touch_log = &touch_log_;
    // An unmount from outside ends the process as a signal does; main waits for nothing else.
    options.on_ended = [] { kill(getpid(), SIGTERM); };
    return options;
  }

  // A mount whose root cannot be read is no use: better to fail before there is one.
  absl::Status AskForRoot() {
    std::promise<absl::Status> answered;
    top_->GetAttributes(Path(), {.deadline = clock_.Now() + flags_.operation_timeout},
                        [&](absl::StatusOr<PathState> state) {
                          answered.set_value(state.ok() && !state->attributes.has_value()
                                                 ? absl::NotFoundError("it does not exist")
                                                 : state.status());
                        });
    return Annotate(answered.get_future().get(), "read the export root");
  }

  const ClientFlags& flags_;
  const RealClock clock_;
  const std::unique_ptr<BlockAllocator> allocator_ = MakeHeapBlockAllocator();
  const std::unique_ptr<Timer> timer_ = MakeAlarmTimer();
  const PeerChannels channels_;
  const std::unique_ptr<PeerSource> peer_;
  const std::unique_ptr<RetryingSource> retrying_;
  const std::unique_ptr<MetadataCachingSource> metadata_;
  const std::unique_ptr<BlockCachingSource> blocks_;
  const std::unique_ptr<SingleFlightSource> single_flight_;
  const std::unique_ptr<PromotingSource> promoting_;
  const std::unique_ptr<SharedReadingSource> shared_;
  const std::unique_ptr<NextDirectoryPrefetchingSource> next_directory_;
  const std::unique_ptr<PythonPrefetchingSource> python_;
  std::unique_ptr<Source> rewriting_;
  Source* top_;
  SessionSlot slot_;
  std::atomic<bool> stop_ordered_ = false;
  TouchLog touch_log_;
  std::unique_ptr<FuseSession> session_;
  std::unique_ptr<MountLink> link_;
};

int Run(const ClientFlags& flags) {
  TuneProcess();
  BlockTerminationSignals();
  if (absl::Status status = StartLog("fuse_client", flags.log); !status.ok()) {
    std::cerr << "fuse_client: " << status.message() << "\n";
    return EXIT_FAILURE;
  }
  auto client = std::make_unique<Client>(flags);
  if (absl::Status status = client->Start(); !status.ok()) {
    std::cerr << "fuse_client: " << status.message() << "\n";
    return EXIT_FAILURE;
  }
  if (absl::Status signalled = SignalReady(flags.ready_fd.value_or(-1)); !signalled.ok()) {
    spdlog::warn("{}", std::string(signalled.message()));
  }
  spdlog::info("signal {}: stopping", AwaitTerminationSignal([&client] { client->WriteRecord(); }));
  // Processes that still wait here then get an error, when our descriptors are closed.
  const ShutdownLimit limit(kShutdownMax, [&flags] {
    spdlog::warn("requests are still under way after {}: leaving without their answers",
                 absl::FormatDuration(kShutdownMax));
    spdlog::default_logger()->flush();
    DetachMount(flags.mount_point);
  });
  client->WriteRecord();
  if (client->stop_ordered()) DetachMount(flags.mount_point);
  client.reset();
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) {
  const coppice::ParsedClientFlags parsed = coppice::ParseClientFlags(argc, argv);
  return parsed.flags.has_value() ? coppice::Run(*parsed.flags) : parsed.exit_code;
}
