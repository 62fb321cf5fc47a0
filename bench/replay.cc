// bench:replay: the first import through a mount after a recording was replayed there, beside the
// first import without it and beside the local disk.
#include "trace/replay.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "bench/bench_program.h"
#include "bench/interleave.h"
#include "bench/mounted_program.h"
#include "bench/mounted_service.h"
#include "bench/node_costs.h"
#include "bench/storm_run.h"
#include "common/status.h"
#include "deploy/import_run.h"
#include "deploy/import_workload.h"
#include "trace/trace_file.h"

namespace coppice {
namespace {

constexpr absl::Duration kImportMax = absl::Minutes(2);
constexpr absl::Duration kCostsMax = absl::Seconds(20);
constexpr double kTimeGoal = 1.10;
constexpr double kRequestsGoal = 20;
constexpr char kLocal[] = "local";
constexpr char kReplayed[] = "after a replay";
constexpr char kCold[] = "without";

class ReplayBench {
 public:
  ReplayBench(std::string module, std::string trace_file, const BenchContext& context,
              Report& report)
      : module_(std::move(module)),
        trace_file_(std::move(trace_file)),
        context_(context),
        report_(report) {}

  absl::Status Run() {
    if (absl::Status status = CheckModuleName(module_); !status.ok()) return status;
    auto trace = trace_file_.empty() ? RecordImport(module_, context_) : ReadTraceFile(trace_file_);
    if (!trace.ok()) return trace.status();
    trace_ = *std::move(trace);
    auto service = MountedService::Start({}, context_);
    if (!service.ok()) return service.status();
    service_ = *std::move(service);
    // The runs that are thrown away: the page cache is full, and the peer has everything.
    if (const auto local = Import(""); !local.ok()) return local.status();
    if (const auto first = Import(service_->last().mount_point); !first.ok()) return first.status();
    auto samples = Interleave({{kLocal, [this] { return Import(""); }},
                               {kReplayed, [this] { return ImportAtNewMount(/*replay=*/true); }},
                               {kCold, [this] { return ImportAtNewMount(/*replay=*/false); }}},
                              context_);
    if (!samples.ok()) return samples.status();
    Tell(*samples);
    return service_->Stop();
  }

 private:
  absl::StatusOr<double> Import(const std::string& prefix) {
    const ImportPlace place = {.who = prefix.empty() ? "local disk" : prefix, .prefix = prefix};
    const auto outcomes =
        RunImports(module_, {place}, LibraryDirectories(), context_.Limits(kImportMax));
    if (!outcomes.ok()) return outcomes.status();
    return absl::ToDoubleSeconds(outcomes->front().wall_time);
  }

  static std::vector<Count> CountsOf(const NodeCosts& spent) {
    std::vector<Count> counts = ProcessorCounts(spent);
    counts.push_back({"RPCs", static_cast<double>(CallsIn(spent.service))});
    AppendCounts(FuseCounts(spent.fuse), counts);
    return counts;
  }

  // Nothing of the mount is in the kernel before.
  absl::StatusOr<double> ImportAtNewMount(bool replay) {
    NodeHandle node;
    const auto mount = service_->MountAgain(0, node);
    if (!mount.ok()) return mount.status();
    auto before = ReadNodeCosts(node, context_.Limits(kCostsMax));
    if (!before.ok()) return before.status();
    if (replay) {
      const auto report = Replay(trace_, node.mount_point, {});
      if (!report.ok()) return report.status();
      replay_seconds_.Add(absl::ToDoubleSeconds(report->duration));
      replay_ = *report;
      auto replayed = ReadNodeCosts(node, context_.Limits(kCostsMax));
      if (!replayed.ok()) return replayed.status();
      replays_.push_back(CountsOf(CostsBetween(*before, *replayed)));
      before = *std::move(replayed);
    }
    const auto seconds = Import(node.mount_point);
    if (!seconds.ok()) return seconds;
    const auto after = ReadNodeCosts(node, context_.Limits(kCostsMax));
    if (!after.ok()) return after.status();
    const NodeCosts spent = CostsBetween(*before, *after);
    (replay ? with_ : without_).push_back(CountsOf(spent));
    if (replay) requests_.Add(static_cast<double>(FuseRequestsBesideIoctl(spent.fuse)));
    if (absl::Status stopped = (*mount)->Stop(); !stopped.ok()) return stopped;
    return seconds;
  }

  void Tell(const std::vector<Samples>& samples) {
    const std::string name = absl::StrCat("import ", module_);
    report_.Add({.name = name, .who = kLocal, .samples = samples[0]});
    report_.Add(
        {.name = name, .who = kReplayed, .samples = samples[1], .counts = MedianCounts(with_)});
    report_.Add(
        {.name = name, .who = kCold, .samples = samples[2], .counts = MedianCounts(without_)});
    std::vector<Count> counts = MedianCounts(replays_);
    counts.push_back({"bytes", static_cast<double>(replay_.bytes), Unit::kBytes});
    report_.Add({.name = "the replay itself",
                 .who = "Coppice",
                 .samples = replay_seconds_,
                 .counts = std::move(counts)});
    report_.AddGoalOf("first import after a replay / local", {name, kReplayed}, {name, kLocal},
                      kTimeGoal);
    report_.AddGoal({.name = "FUSE requests beside IOCTL after a replay",
                     .value = requests_.Median(),
                     .goal = kRequestsGoal});
    report_.AddNote(absl::StrCat(
        "Each mount is new: nothing of it is in the kernel; the peer has everything. The replay: ",
        trace_.touches.size(), " touches, ", replay_.misfits, " of which did not fit."));
  }

  const std::string module_;
  const std::string trace_file_;
  const BenchContext& context_;
  Report& report_;
  Trace trace_;
  std::unique_ptr<MountedService> service_;
  // Of the last round.
  ReplayReport replay_;
  // Of all rounds.
  std::vector<std::vector<Count>> with_;
  std::vector<std::vector<Count>> without_;
  std::vector<std::vector<Count>> replays_;
  Samples replay_seconds_;
  Samples requests_;
};

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) {
  std::string module = "torch";
  std::string trace_file;
  coppice::BenchProgram program(
      "replay",
      "The first import through a mount: after a replay of a recording, without one, and from the\n"
      "local disk.",
      "Example:\n"
      "  bazel run -c opt //bench:replay -- --module=numpy");
  program.flags()
      .add_option("--module", module, "what is imported and recorded")
      ->capture_default_str();
  program.flags()
      .add_option("--trace", trace_file, "a recording, instead of a new one")
      ->type_name("FILE");
  return program.Run(argc, argv, {coppice::kLocal},
                     [&](const coppice::BenchContext& context, coppice::Report& report) {
                       return coppice::ReplayBench(module, trace_file, context, report).Run();
                     });
}
