// peer_server: see --help and docs/operations.md.
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/descriptor_limit.h"
#include "common/log.h"
#include "common/process_tuning.h"
#include "common/ready_signal.h"
#include "common/shutdown_limit.h"
#include "common/termination.h"
#include "peer_server/node.h"
#include "peer_server/node_flags.h"
#include "spdlog/spdlog.h"

namespace coppice {
namespace {

// How long calls in flight may take to end after SIGTERM.
constexpr absl::Duration kShutdownGrace = absl::Seconds(3);
// How long the end may take. gRPC waits for every call, also for one that is cancelled and waits
// for a parent that is gone, until its deadline; who waits for our end is not made to.
constexpr absl::Duration kShutdownMax = absl::Seconds(5);

// What a peer may have open: files that stay open between reads (open_files.h), and connections of
// children, parents and mounts. More than this only costs the wait that is spared so.
constexpr uint64_t kDescriptorsReserved = 1024;

// For the log.
std::string PlacesText(const std::vector<TreePlace>& places) {
  const auto text_of = [](const TreePlace& place) {
    return place.ancestors.empty() ? "root: reads the backing file system"
                                   : "parent " + place.ancestors.front().name;
  };
  if (places.size() == 1) return text_of(places[0]);
  std::string text;
  for (const TreePlace& place : places) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", "tree ", place.tree, ": ", text_of(place));
  }
  return text;
}

int Fail(const absl::Status& status) {
  std::cerr << "peer_server: " << status.message() << "\n";
  return 1;
}

int Main(int argc, char** argv) {
  TuneProcess();
  BlockTerminationSignals();
  const std::variant<NodeFlags, int> parsed = ParseNodeFlags(argc, argv);
  if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
  NodeFlags flags = std::get<NodeFlags>(parsed);
  // As from outside: what ends the process is in one place.
  flags.node.on_stopped = [] { kill(getpid(), SIGTERM); };
  if (absl::Status started = StartLog("peer_server", flags.log); !started.ok()) {
    return Fail(started);
  }
  if (const absl::StatusOr<uint64_t> limit = RaiseDescriptorLimit(); !limit.ok()) {
    spdlog::warn("{}: few children can connect", std::string(limit.status().message()));
  }
  if (absl::Status reserved = ReserveDescriptors(kDescriptorsReserved); !reserved.ok()) {
    spdlog::warn("{}: opening files will wait at times", std::string(reserved.message()));
  }
  absl::StatusOr<std::unique_ptr<Node>> node = StartNode(flags.node);
  if (!node.ok()) return Fail(node.status());
  spdlog::info("{} serves {} on unix:{}{}{}; {}", flags.node.places[0].self.name,
               flags.node.export_root, flags.node.unix_socket,
               (*node)->tcp_address().empty() ? "" : " and ", (*node)->tcp_address(),
               PlacesText(flags.node.places));
  if (absl::Status signalled = SignalReady(flags.ready_fd); !signalled.ok()) {
    spdlog::warn("{}", std::string(signalled.message()));
  }
  const int signal_number = AwaitTerminationSignal();
  spdlog::info("signal {}: stopping", signal_number);
  {
    const ShutdownLimit limit(kShutdownMax, [&flags] {
      spdlog::warn("calls are still under way after {}: leaving without their answers",
                   absl::FormatDuration(kShutdownMax));
      spdlog::default_logger()->flush();
    });
    (*node)->Shutdown(kShutdownGrace);
    node->reset();
  }
  spdlog::info("stopped");
  return 0;
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) { return coppice::Main(argc, argv); }
