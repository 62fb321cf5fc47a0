#include "bench/hop/competitor.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/interleave.h"
#include "bench/system_call_counter.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr double kGibibyte = 1 << 30;
constexpr double kMicroseconds = 1e6;

// The processes of some are children that come and go: their costs are not known.
bool HasCosts(const CostedRun& run) { return !run.cpu().empty(); }

std::vector<Count> CountsOf(const Workload& workload, const Competitor& competitor,
                            const CostedRun& run, std::optional<uint64_t> system_calls) {
  std::vector<Count> counts;
  if (HasCosts(run)) {
    const std::string what = workload.files > 0 ? "CPU us/file" : "CPU s/GiB";
    const double cpu = run.cpu().Median() *
                       (workload.files > 0 ? kMicroseconds / static_cast<double>(workload.files)
                                           : kGibibyte / static_cast<double>(workload.bytes));
    counts = {{what, cpu}};
    if (competitor.has_hops) {
      counts.push_back({what + "/hop", cpu / static_cast<double>(workload.hops)});
    }
  }
  if (system_calls.has_value()) {
    const auto calls = static_cast<double>(*system_calls);
    counts.push_back(
        workload.files > 0
            ? Count{"system calls/file", calls / static_cast<double>(workload.files)}
            : Count{"system calls/GiB", calls * kGibibyte / static_cast<double>(workload.bytes)});
  }
  AppendCounts(run.counts(), counts);
  return counts;
}

// One round for them alone: what is counted is slower than what is timed.
absl::StatusOr<std::optional<uint64_t>> CountSystemCalls(const Workload& workload,
                                                         const Competitor& competitor,
                                                         const BenchContext& context) {
  if (absl::Status status = CheckNotInterrupted(context); !status.ok()) return status;
  CostedRun run(RunCosts::kSystemCalls);
  if (const auto counted = competitor.measure(run); !counted.ok()) {
    return Annotate(counted.status(), absl::StrCat(workload.name, ", ", competitor.who));
  }
  return run.system_calls();
}

}  // namespace

absl::StatusOr<std::map<std::string, Samples>> Compete(const Workload& workload,
                                                       const std::vector<Competitor>& competitors,
                                                       const BenchContext& context,
                                                       Report& report) {
  std::vector<CostedRun> runs(competitors.size());
  std::vector<NamedMeasurement> measurements;
  for (size_t i = 0; i < competitors.size(); ++i) {
    if (!competitors[i].absent.empty()) continue;
    measurements.push_back({.name = absl::StrCat(workload.name, ", ", competitors[i].who),
                            .measure = [&competitor = competitors[i], &run = runs[i],
                                        bytes = workload.bytes]() -> absl::StatusOr<double> {
                              const auto elapsed = competitor.measure(run);
                              if (!elapsed.ok()) return elapsed.status();
                              return static_cast<double>(bytes) / absl::ToDoubleSeconds(*elapsed);
                            }});
  }
  const auto samples = Interleave(measurements, context);
  if (!samples.ok()) return samples.status();
  const bool countable = CheckSystemCallsCountable().ok();
  if (countable) context.progress("counting system calls");
  std::map<std::string, Samples> cpu;
  auto measured = samples->begin();
  for (size_t i = 0; i < competitors.size(); ++i) {
    const Competitor& competitor = competitors[i];
    if (!competitor.absent.empty()) {
      report.AddAbsent(workload.name, competitor.who, competitor.absent);
      continue;
    }
    absl::StatusOr<std::optional<uint64_t>> system_calls = std::nullopt;
    if (countable && HasCosts(runs[i])) {
      system_calls = CountSystemCalls(workload, competitor, context);
      if (!system_calls.ok()) return system_calls.status();
    }
    report.Add({.name = workload.name,
                .who = competitor.who,
                .unit = Unit::kBytesPerSecond,
                .samples = *measured++,
                .counts = CountsOf(workload, competitor, runs[i], *system_calls)});
    if (HasCosts(runs[i])) cpu[competitor.who] = runs[i].cpu();
  }
  return cpu;
}

}  // namespace coppice
