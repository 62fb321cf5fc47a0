#include "bench/storm_run.h"

#include <algorithm>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "bench/fuse_server.h"
#include "bench/mounted_program.h"
#include "bench/mounted_service.h"
#include "bench/process_costs.h"
#include "bench/scratch_directory.h"
#include "bench/shared_store.h"
#include "common/status.h"
#include "deploy/import_run.h"
#include "deploy/import_workload.h"
#include "deploy/program_files.h"
#include "trace/replay.h"
#include "trace/trace_file.h"

namespace coppice {
namespace {

constexpr absl::Duration kImportMax = absl::Minutes(2);
// A store is quiet when nothing has reached it for so long; it is not waited for longer than that.
constexpr absl::Duration kQuiet = absl::Milliseconds(300);
constexpr int kQuietAttemptsMax = 100;

// As a program does it: one touch after the other, and nothing else.
const ReplayOptions kAsTheProgram = {.threads = 1, .look_into_searched = false};

// A store, and as many mounts of it as were asked for.
class Store {
 public:
  static absl::StatusOr<Store> Start(const StormOptions& options, size_t mounts,
                                     const BenchContext& context) {
    const StoreLimits& limits = options.store;
    // As deep as the mounts of a service, since a path is walked in each touch.
    auto scratch = ScratchDirectory::MakeShort();
    if (!scratch.ok()) return scratch.status();
    const auto program = FindProgram("bench/slow_store");
    if (!program.ok()) return program.status();
    auto shared = SharedStore::Open(scratch->File("store"));
    if (!shared.ok()) return shared.status();
    Store store(*std::move(scratch), *std::move(shared));
    for (size_t i = 0; i < mounts; ++i) {
      auto mount = MountedProgram::Start(
          {.name = "slow_store",
           .arguments = {*program, absl::StrCat("--export_root=", options.export_root),
                         absl::StrCat("--shared=", store.scratch_->File("store")),
                         absl::StrCat("--latency=", absl::FormatDuration(limits.latency)),
                         absl::StrCat("--operations_per_second=", limits.operations_per_second),
                         absl::StrCat("--bytes_per_second=", limits.bytes_per_second)},
           .mount_point = store.scratch_->File(absl::StrCat("mount", i)),
           .log_file = store.scratch_->File("log")},
          context);
      if (!mount.ok()) return mount.status();
      store.mounts_.push_back(*std::move(mount));
    }
    return store;
  }

  std::vector<std::string> MountPoints() const {
    std::vector<std::string> points;
    for (const auto& mount : mounts_) points.push_back(mount->mount_point());
    return points;
  }
  // Of the mounts.
  absl::StatusOr<std::vector<NodeCosts>> ReadCosts() const {
    std::vector<NodeCosts> all;
    for (const auto& mount : mounts_) {
      auto fuse = ReadRequestCounters(mount->mount_point());
      if (!fuse.ok()) return fuse.status();
      const auto process = ReadProcessCosts(mount->pid());
      if (!process.ok()) return Annotate(process.status(), mount->mount_point());
      all.push_back({.fuse = *std::move(fuse), .client = *process});
    }
    return all;
  }
  StoreFigures Figures() const { return shared_.counters().Figures(); }
  // Once nothing is on its way any more.
  StoreFigures QuietFigures() const {
    StoreFigures figures = Figures();
    for (int attempt = 0; attempt < kQuietAttemptsMax; ++attempt) {
      absl::SleepFor(kQuiet);
      StoreFigures later = Figures();
      if (later == figures) break;
      figures = std::move(later);
    }
    return figures;
  }

 private:
  Store(ScratchDirectory scratch, SharedStore shared)
      : scratch_(std::make_unique<ScratchDirectory>(std::move(scratch))),
        shared_(std::move(shared)) {}

  // Outlives what is mounted in it.
  std::unique_ptr<ScratchDirectory> scratch_;
  SharedStore shared_;
  std::vector<std::unique_ptr<MountedProgram>> mounts_;
};

// That the node did all of it.
absl::Status CheckReplay(const absl::StatusOr<ReplayReport>& report, const std::string& place) {
  if (!report.ok()) return report.status();
  if (report->misfits == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(place, ": ", report->misfits, " touches do not fit the tree: ",
                   absl::StrJoin(report->examples, ", "), "; the trace must be of this machine"));
}

using ReadCostsFunction = std::function<absl::StatusOr<std::vector<NodeCosts>>()>;

// All at the same moment. `read_costs` are those of the nodes so far.
absl::StatusOr<StormOutcome> RunNodes(const Trace& trace, const std::vector<std::string>& places,
                                      const Store& store, const ReadCostsFunction& read_costs) {
  const auto costs_before = read_costs();
  if (!costs_before.ok()) return costs_before.status();
  std::vector<std::optional<absl::StatusOr<ReplayReport>>> reports(places.size());
  std::latch begin(1);
  std::vector<std::thread> nodes;
  for (size_t i = 0; i < places.size(); ++i) {
    nodes.emplace_back([&, i] {
      begin.wait();
      reports[i] = Replay(trace, places[i], kAsTheProgram);
    });
  }
  const StoreFigures before = store.Figures();
  const absl::Time began_at = absl::Now();
  begin.count_down();
  for (std::thread& node : nodes) node.join();
  StormOutcome outcome = {.duration = absl::Now() - began_at};
  outcome.store = FiguresBetween(before, store.QuietFigures());
  for (size_t i = 0; i < places.size(); ++i) {
    if (absl::Status status = CheckReplay(*reports[i], places[i]); !status.ok()) return status;
  }
  const auto costs_after = read_costs();
  if (!costs_after.ok()) return costs_after.status();
  for (size_t i = 0; i < places.size(); ++i) {
    outcome.nodes.push_back(CostsBetween((*costs_before)[i], (*costs_after)[i]));
  }
  return outcome;
}

}  // namespace

absl::StatusOr<StormOutcome> RunStormDirect(const StormOptions& options, size_t nodes,
                                            const BenchContext& context) {
  const auto store = Store::Start(options, nodes, context);
  if (!store.ok()) return store.status();
  return RunNodes(options.trace, store->MountPoints(), *store,
                  [&store] { return store->ReadCosts(); });
}

absl::StatusOr<StormOutcome> RunStormThroughCoppice(const StormOptions& options, size_t nodes,
                                                    const BenchContext& context) {
  const auto store = Store::Start(options, 1, context);
  if (!store.ok()) return store.status();
  auto service = MountedService::Start(
      {.nodes = nodes, .fanout = options.fanout, .export_root = store->MountPoints().front()},
      context);
  if (!service.ok()) return service.status();
  std::vector<std::string> places;
  for (const NodeHandle& node : (*service)->nodes()) places.push_back(node.mount_point);
  auto outcome =
      RunNodes(options.trace, places, *store, [&service] { return (*service)->ReadCosts(); });
  if (absl::Status stopped = (*service)->Stop(); outcome.ok() && !stopped.ok()) return stopped;
  return outcome;
}

absl::StatusOr<Trace> RecordImport(const std::string& module, const BenchContext& context) {
  const auto scratch = ScratchDirectory::Make();
  if (!scratch.ok()) return scratch.status();
  const std::string file = scratch->File("trace");
  auto service =
      MountedService::Start({.client_flags = {absl::StrCat("--record=", file)}}, context);
  if (!service.ok()) return service.status();
  const ImportPlace place = {.who = "the recording", .prefix = (*service)->last().mount_point};
  const auto imported =
      RunImports(module, {place}, LibraryDirectories(), context.Limits(kImportMax));
  if (!imported.ok()) return imported.status();
  if (absl::Status stopped = (*service)->Stop(); !stopped.ok()) return stopped;
  return ReadTraceFile(file);
}

}  // namespace coppice
