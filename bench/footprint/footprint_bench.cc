#include "bench/footprint/footprint_bench.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/footprint/resident_memory.h"
#include "bench/mounted_service.h"
#include "bench/node_costs.h"
#include "bench/process/kernel_reader.h"
#include "bench/process/sample_files.h"
#include "bench/scratch_directory.h"
#include "deploy/table.h"

namespace coppice {
namespace {

constexpr char kPeer[] = "peer_server";
constexpr char kClient[] = "fuse_client";
constexpr char kCoppice[] = "Coppice";
constexpr char kIdle[] = "idle";
constexpr char kCached[] = "grown by a cached environment";
// Small enough to be quick to make; their bytes are not read.
constexpr size_t kFileBytes = 16;
constexpr size_t kFilesPerDirectory = 100;
constexpr double kMegabyte = 1e6;
// The goals; docs/benchmarks.md.
constexpr double kPeerIdleGoal = 40 * kMegabyte;
constexpr double kClientIdleGoal = 20 * kMegabyte;
constexpr double kCallsGoal = 1.1;
constexpr double kCachedGoal = 1.15;

struct NodeMemory {
  ResidentMemory peer;
  ResidentMemory client;
};

absl::StatusOr<NodeMemory> MemoryOf(const NodeHandle& node) {
  const auto peer = ReadResidentMemory(node.peer_pid);
  if (!peer.ok()) return peer.status();
  const auto client = ReadResidentMemory(node.client_pid);
  if (!client.ok()) return client.status();
  return NodeMemory{*peer, *client};
}

double Grown(uint64_t before, uint64_t after) {
  return static_cast<double>(after) - static_cast<double>(before);
}

// The samples of one process' memory, and the last of them by where it comes from.
struct MemoryRow {
  void Add(const ResidentMemory& memory, const ResidentMemory& before = {}) {
    total.Add(Grown(before.total(), memory.total()));
    counts = {{"anonymous", Grown(before.anonymous, memory.anonymous), Unit::kBytes},
              {"of files", Grown(before.files, memory.files), Unit::kBytes},
              {"shared", Grown(before.shared, memory.shared), Unit::kBytes}};
    // Memory that was given back is no size.
    for (Count& count : counts) count.value = std::max(count.value, 0.0);
  }

  Samples total;
  std::vector<Count> counts;
};

class FootprintBench {
 public:
  FootprintBench(const FootprintOptions& options, const BenchContext& context, Report& report)
      : options_(options), context_(context), report_(report) {}

  absl::Status Run() {
    if (absl::Status measured = MeasureMemory(); !measured.ok()) return measured;
    if (options_.files == 0) return absl::OkStatus();
    return MeasureWalk();
  }

 private:
  absl::Status MeasureMemory();
  absl::Status MeasureWalk();
  absl::StatusOr<NodeCosts> WalkOnce(const std::string& tree, TreeTotals& totals, Samples& times);
  void AddMemory(const std::string& name, const std::string& who, MemoryRow row);

  const FootprintOptions options_;
  const BenchContext context_;
  Report& report_;
};

absl::Status FootprintBench::MeasureMemory() {
  // Below the mount point there is no other way to it: no "..", no link that leads out.
  std::error_code missing;
  const std::string environment =
      std::filesystem::canonical(options_.environment, missing).string();
  const bool with_environment = !missing;
  MemoryRow peer_idle, client_idle, peer_cached, client_cached;
  // The blocks first take the pages that the idle peer keeps ready, so what it has grown by is too
  // little; with all of those pages it is rather too much.
  Samples peer_cached_max;
  TreeTotals totals;
  for (size_t round = 0; round < context_.rounds; ++round) {
    context_.progress(absl::StrCat("memory, round ", round + 1, " of ", context_.rounds));
    const auto service = MountedService::Start({}, context_);
    if (!service.ok()) return service.status();
    const NodeHandle& node = (*service)->last();
    const auto idle = MemoryOf(node);
    if (!idle.ok()) return idle.status();
    peer_idle.Add(idle->peer);
    client_idle.Add(idle->client);
    if (!with_environment) continue;
    const auto read = WalkTree(node.mount_point + environment, /*read_files=*/true);
    if (!read.ok()) return read.status();
    if (read->bytes == 0 && options_.environment != kEnvironmentDefault) {
      return absl::FailedPreconditionError(
          absl::StrCat("--environment=", options_.environment,
                       ": there is nothing to read in it; name a directory with files"));
    }
    totals = *read;
    const auto cached = MemoryOf(node);
    if (!cached.ok()) return cached.status();
    peer_cached.Add(cached->peer, idle->peer);
    peer_cached_max.Add(Grown(idle->peer.total() - idle->peer.shared, cached->peer.total()));
    client_cached.Add(cached->client, idle->client);
  }
  report_.AddGoal(
      {"peer_server idle, MB", peer_idle.total.Median() / kMegabyte, kPeerIdleGoal / kMegabyte});
  report_.AddGoal({"fuse_client idle, MB", client_idle.total.Median() / kMegabyte,
                   kClientIdleGoal / kMegabyte});
  AddMemory(kIdle, kPeer, std::move(peer_idle));
  AddMemory(kIdle, kClient, std::move(client_idle));
  if (!with_environment || totals.bytes == 0) {
    report_.AddAbsent(kCached, kPeer, absl::StrCat("nothing to read in ", options_.environment));
    return absl::OkStatus();
  }
  const double bytes = static_cast<double>(totals.bytes);
  report_.AddGoal({"peer_server for a cached environment / its bytes",
                   peer_cached_max.Median() / bytes, kCachedGoal});
  peer_cached.counts.push_back({"cached", bytes, Unit::kBytes});
  AddMemory(kCached, kPeer, std::move(peer_cached));
  AddMemory(kCached, kClient, std::move(client_cached));
  report_.AddNote(absl::StrCat("environment: ", options_.environment, ", ",
                               FormatCount(totals.files), " files, ", FormatBytes(totals.bytes),
                               ". The ratio counts all pages for it that the idle peer keeps ready "
                               "for blocks."));
  return absl::OkStatus();
}

void FootprintBench::AddMemory(const std::string& name, const std::string& who, MemoryRow row) {
  report_.Add({.name = name,
               .who = who,
               .unit = Unit::kBytes,
               .samples = std::move(row.total),
               .counts = std::move(row.counts)});
}

absl::Status FootprintBench::MeasureWalk() {
  const absl::StatusOr<ScratchDirectory> scratch = ScratchDirectory::Make();
  if (!scratch.ok()) return scratch.status();
  const std::string tree = scratch->File("tree");
  const auto written =
      WriteSmallFiles(tree, options_.files, kFileBytes, kFilesPerDirectory, context_);
  if (!written.ok()) return written.status();
  Samples times;
  Samples calls_per_directory;
  TreeTotals totals;
  NodeCosts spent;
  // Of each round; the other counts are the same in all.
  std::vector<std::vector<Count>> processors;
  for (size_t round = 0; round < context_.rounds; ++round) {
    context_.progress(absl::StrCat("walk, round ", round + 1, " of ", context_.rounds));
    auto costs = WalkOnce(tree, totals, times);
    if (!costs.ok()) return costs.status();
    spent = *std::move(costs);
    processors.push_back(ProcessorCounts(spent));
    calls_per_directory.Add(static_cast<double>(CallsIn(spent.service)) /
                            static_cast<double>(totals.directories));
  }
  if (totals.files != options_.files || totals.directories != *written + 1) {
    return absl::DataLossError(absl::StrCat("the walk found ", totals.files, " files in ",
                                            totals.directories, " directories"));
  }
  std::vector<Count> counts = {{"directories", static_cast<double>(totals.directories)}};
  AppendCounts(MedianCounts(processors), counts);
  for (const auto& [name, count] : spent.service) {
    // Beside the calls: bytes and errors.
    if (count > 0 && CallsIn({{name, count}}) > 0) {
      counts.push_back({absl::StrCat("RPC ", name), static_cast<double>(count)});
    }
  }
  AppendCounts(FuseCounts(spent.fuse), counts);
  report_.Add({.name = absl::StrCat("find over ", FormatCount(totals.files), " files, cold"),
               .who = kCoppice,
               .samples = std::move(times),
               .counts = std::move(counts)});
  report_.AddGoal({"find, cold: RPCs per directory", calls_per_directory.Median(), kCallsGoal});
  return absl::OkStatus();
}

absl::StatusOr<NodeCosts> FootprintBench::WalkOnce(const std::string& tree, TreeTotals& totals,
                                                   Samples& times) {
  const auto service = MountedService::Start({.export_root = tree}, context_);
  if (!service.ok()) return service.status();
  const auto before = (*service)->ReadCosts();
  if (!before.ok()) return before.status();
  const absl::Time started = absl::Now();
  const auto walked = WalkTree((*service)->last().mount_point, /*read_files=*/false);
  times.Add(absl::ToDoubleSeconds(absl::Now() - started));
  if (!walked.ok()) return walked.status();
  totals = *walked;
  const auto after = (*service)->ReadCosts();
  if (!after.ok()) return after.status();
  return CostsBetween(before->back(), after->back());
}

}  // namespace

absl::Status MeasureFootprint(const FootprintOptions& options, const BenchContext& context,
                              Report& report) {
  return FootprintBench(options, context, report).Run();
}

}  // namespace coppice
