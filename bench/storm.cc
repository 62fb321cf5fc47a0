// bench:storm: a recorded import, repeated by N nodes at once over a slow, shared store, directly
// and through Coppice: the time over the nodes, what reaches the store, and what a node costs.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/bench_program.h"
#include "bench/interleave.h"
#include "bench/latency_flag.h"
#include "bench/line_chart.h"
#include "bench/node_costs.h"
#include "bench/node_means.h"
#include "bench/once_goal.h"
#include "bench/output_file.h"
#include "bench/storm_run.h"
#include "common/status.h"
#include "deploy/import_workload.h"
#include "trace/trace_file.h"
#include "tree_builder/topology.h"

namespace coppice {
namespace {

constexpr size_t kNodesMax = 256;
constexpr double kFlatGoal = 1.3;
// The pair of which the goal speaks.
constexpr size_t kFewNodes = 2;
constexpr size_t kManyNodes = 16;
constexpr char kDirect[] = "direct";
constexpr char kCoppice[] = "Coppice";

struct Flags {
  std::vector<size_t> nodes = {1, 2, 4, 8, 16, 32};
  std::string module = "numpy";
  std::string trace_file;
  std::string svg;
  StormOptions storm;
};

std::string CaseOf(size_t nodes) { return absl::StrCat(nodes, nodes == 1 ? " node" : " nodes"); }

// One for each round.
using StormRounds = std::vector<StormOutcome>;

std::vector<uint64_t> OperationsOf(const StormRounds& rounds) {
  std::vector<uint64_t> operations;
  for (const StormOutcome& round : rounds) operations.push_back(round.store.OperationCount());
  return operations;
}

std::vector<uint64_t> BytesOf(const StormRounds& rounds) {
  std::vector<uint64_t> bytes;
  for (const StormOutcome& round : rounds) bytes.push_back(round.store.bytes);
  return bytes;
}

std::vector<Count> StoreCounts(const StoreFigures& store) {
  std::vector<Count> counts = {{"operations", static_cast<double>(store.OperationCount())}};
  for (const auto& [name, count] : store.operations) {
    counts.push_back({name, static_cast<double>(count)});
  }
  counts.push_back({"reads", static_cast<double>(store.reads)});
  counts.push_back({"bytes", static_cast<double>(store.bytes), Unit::kBytes});
  return counts;
}

using NodeCountsFunction = std::vector<Count> (*)(const std::vector<NodeCosts>&);

std::vector<Count> CountsOf(const StormRounds& rounds, NodeCountsFunction node_counts) {
  std::vector<std::vector<Count>> samples;
  for (const StormOutcome& round : rounds) {
    samples.push_back(StoreCounts(round.store));
    AppendCounts(node_counts(round.nodes), samples.back());
  }
  return MedianCounts(samples);
}

class Storm {
 public:
  Storm(const Flags& flags, const BenchContext& context, Report& report)
      : flags_(flags), context_(context), report_(report) {}

  absl::Status Run() {
    for (const size_t nodes : flags_.nodes) {
      context_.progress(absl::StrCat(CaseOf(nodes), ", each ", context_.rounds, " times"));
      if (absl::Status status = Measure(nodes); !status.ok()) return status;
    }
    AddGoals();
    AddNotes();
    return flags_.svg.empty() ? absl::OkStatus() : Draw();
  }

 private:
  using StormFunction = absl::StatusOr<StormOutcome> (*)(const StormOptions&, size_t,
                                                         const BenchContext&);

  absl::Status Measure(size_t nodes) {
    StormRounds direct;
    StormRounds coppice;
    const auto one = [this, nodes](StormFunction run, StormRounds& rounds) {
      return [this, nodes, run, &rounds]() -> absl::StatusOr<double> {
        auto outcome = run(flags_.storm, nodes, context_);
        if (!outcome.ok()) return outcome.status();
        rounds.push_back(*std::move(outcome));
        return absl::ToDoubleSeconds(rounds.back().duration);
      };
    };
    auto samples = Interleave(
        {{kDirect, one(RunStormDirect, direct)}, {kCoppice, one(RunStormThroughCoppice, coppice)}},
        context_);
    if (!samples.ok()) return Annotate(samples.status(), CaseOf(nodes));
    report_.Add({.name = CaseOf(nodes),
                 .who = kDirect,
                 .samples = (*samples)[0],
                 .counts = CountsOf(direct, MeanMountCounts)});
    report_.Add({.name = CaseOf(nodes),
                 .who = kCoppice,
                 .samples = (*samples)[1],
                 .counts = CountsOf(coppice, MeanNodeCounts)});
    direct_.points.emplace_back(nodes, (*samples)[0].Median());
    coppice_.points.emplace_back(nodes, (*samples)[1].Median());
    coppice_rounds_.push_back(std::move(coppice));
    return absl::OkStatus();
  }

  void AddGoals() {
    report_.AddGoalOf(absl::StrFormat("time of %d nodes / %d nodes", kManyNodes, kFewNodes),
                      {CaseOf(kManyNodes), kCoppice}, {CaseOf(kFewNodes), kCoppice}, kFlatGoal);
    const StormRounds& few = coppice_rounds_.front();
    for (size_t i = 1; i < flags_.nodes.size(); ++i) {
      const StormRounds& many = coppice_rounds_[i];
      const std::string divisor =
          absl::StrCat(" of ", CaseOf(flags_.nodes[i]), " / ", CaseOf(flags_.nodes.front()));
      report_.AddGoal(
          OnceGoal(absl::StrCat("operations", divisor), OperationsOf(many), OperationsOf(few)));
      report_.AddGoal(OnceGoal(absl::StrCat("bytes", divisor), BytesOf(many), BytesOf(few)));
    }
  }

  // 0 is no limit, and not a store that does nothing.
  std::string StoreText() const {
    const StoreLimits& store = flags_.storm.store;
    return absl::StrCat(
        store.latency == absl::ZeroDuration() ? "no" : absl::FormatDuration(store.latency),
        " latency, ", RateText(store.operations_per_second, "operations/s"), ", ",
        RateText(store.bytes_per_second / 1e6, "MB/s"));
  }
  static std::string RateText(double rate, const char* unit) {
    return rate == 0 ? absl::StrCat("no limit of ", unit) : absl::StrFormat("%g %s", rate, unit);
  }

  void AddNotes() {
    report_.AddNote(
        absl::StrCat("The store: ", StoreText(),
                     "; shared by all nodes. Each run is cold: new mounts, new peers."));
    report_.AddNote(absl::StrCat(
        "The trace: ", flags_.storm.trace.touches.size(), " touches of ", TraceName(),
        ", one after the other on each node. Operations, reads and bytes are what reached the "
        "store;\ntheir goals put the most of any round over the least of any of ",
        CaseOf(flags_.nodes.front()),
        ".\nThe other counts are means of one node; the client of a direct one is its mount of "
        "the store. All are medians."));
  }

  std::string TraceName() const {
    return flags_.trace_file.empty() ? absl::StrCat("import ", flags_.module) : flags_.trace_file;
  }

  absl::Status Draw() const {
    const LineChart chart = {
        .title = absl::StrCat(TraceName(), " by all nodes at the same moment"),
        .subtitle = absl::StrCat("replayed over a shared store with ", StoreText()),
        .x_label = "nodes",
        .y_label = "seconds until the last node is done",
        .lines = {direct_, coppice_}};
    if (absl::Status status = WriteOutputFile(flags_.svg, LineChartSvg(chart)); !status.ok()) {
      return status;
    }
    context_.progress(absl::StrCat("the picture is ", flags_.svg));
    return absl::OkStatus();
  }

  const Flags& flags_;
  const BenchContext& context_;
  Report& report_;
  ChartLine direct_ = {.name = "directly"};
  ChartLine coppice_ = {.name = "through Coppice"};
  // By the place in flags_.nodes.
  std::vector<StormRounds> coppice_rounds_;
};

absl::Status RunStorm(Flags& flags, const BenchContext& context, Report& report) {
  // Not only after minutes of measuring.
  if (!flags.svg.empty()) {
    if (absl::Status status = CheckOutputFile(flags.svg); !status.ok()) return status;
  }
  if (flags.trace_file.empty()) {
    context.progress(absl::StrCat("recording import ", flags.module));
  }
  auto trace = flags.trace_file.empty() ? RecordImport(flags.module, context)
                                        : ReadTraceFile(flags.trace_file);
  if (!trace.ok()) return trace.status();
  if (trace->touches.empty()) {
    return absl::InvalidArgumentError(
        flags.trace_file.empty()
            ? absl::StrCat("the recording of import ", flags.module, " has no touches")
            : absl::StrCat("the trace '", flags.trace_file,
                           "' has no touches: nothing would be measured; record another"));
  }
  flags.storm.trace = *std::move(trace);
  // The goals compare with the smallest number, and rows are found by theirs.
  std::sort(flags.nodes.begin(), flags.nodes.end());
  flags.nodes.erase(std::unique(flags.nodes.begin(), flags.nodes.end()), flags.nodes.end());
  return Storm(flags, context, report).Run();
}

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option("--nodes", flags.nodes,
                 "how many at once; each number is measured once, the smallest first")
      ->delimiter(',')
      ->check(CLI::Range(size_t{1}, kNodesMax))
      ->capture_default_str();
  app.add_option("--module", flags.module, "the import to record")
      ->check(
          [](const std::string& module) { return std::string(CheckModuleName(module).message()); })
      ->capture_default_str();
  app.add_option("--trace", flags.trace_file, "a recording, instead of a new one")
      ->type_name("FILE");
  app.add_option("--export_root", flags.storm.export_root,
                 "what the store shows: for a --trace that was recorded of it")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  AddLatencyFlag(app, flags.storm.store.latency);
  app.add_option("--operations_per_second", flags.storm.store.operations_per_second,
                 "metadata operations that the store does; 0: no limit")
      ->check(CLI::Range(0.0, kStoreRateMax))
      ->capture_default_str();
  app.add_option("--bytes_per_second", flags.storm.store.bytes_per_second,
                 "that are read from the store; 0: no limit")
      ->check(CLI::Range(0.0, kStoreRateMax))
      ->capture_default_str();
  app.add_option("--fanout", flags.storm.fanout, "children of a node in the tree")
      ->check(CLI::Range(uint32_t{1}, kFanoutMax))
      ->capture_default_str();
  app.add_option("--svg", flags.svg, "draws the time over the nodes")->type_name("FILE");
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) {
  coppice::Flags flags;
  flags.storm.store = {
      .latency = absl::Milliseconds(1), .operations_per_second = 500, .bytes_per_second = 100e6};
  coppice::BenchProgram program(
      "storm",
      "A recorded import, repeated by N nodes at once over a slow store that they share: "
      "directly,\n"
      "and through Coppice. Prints the times, what reached the store and what a node costs.",
      "Examples:\n"
      "  bazel run -c opt //bench:storm -- --svg=/tmp/storm.svg\n"
      "  bazel run -c opt //bench:storm -- --module=torch --nodes=1,2,4 --rounds=1");
  coppice::AddFlags(program.flags(), flags);
  return program.Run(argc, argv, {coppice::kDirect},
                     [&flags](const coppice::BenchContext& context, coppice::Report& report) {
                       return coppice::RunStorm(flags, context, report);
                     });
}
