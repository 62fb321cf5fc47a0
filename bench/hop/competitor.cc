#include "bench/hop/competitor.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/interleave.h"

namespace coppice {
namespace {

constexpr double kGibibyte = 1 << 30;
constexpr double kMicroseconds = 1e6;

// The processes of some are children that come and go: their costs are not known.
std::vector<Count> CountsOf(const Workload& workload, const Competitor& competitor,
                            const CostedRun& run) {
  std::vector<Count> counts;
  if (!run.cpu().empty()) {
    const std::string what = workload.files > 0 ? "CPU us/file" : "CPU s/GiB";
    const double cpu = run.cpu().Median() *
                       (workload.files > 0 ? kMicroseconds / static_cast<double>(workload.files)
                                           : kGibibyte / static_cast<double>(workload.bytes));
    counts = {{what, cpu}};
    if (competitor.has_hops) {
      counts.push_back({what + "/hop", cpu / static_cast<double>(workload.hops)});
    }
  }
  counts.insert(counts.end(), run.counts().begin(), run.counts().end());
  return counts;
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
  std::map<std::string, Samples> cpu;
  auto measured = samples->begin();
  for (size_t i = 0; i < competitors.size(); ++i) {
    const Competitor& competitor = competitors[i];
    if (!competitor.absent.empty()) {
      report.AddAbsent(workload.name, competitor.who, competitor.absent);
      continue;
    }
    report.Add({.name = workload.name,
                .who = competitor.who,
                .unit = Unit::kBytesPerSecond,
                .samples = *measured++,
                .counts = CountsOf(workload, competitor, runs[i])});
    if (!runs[i].cpu().empty()) cpu[competitor.who] = runs[i].cpu();
  }
  return cpu;
}

}  // namespace coppice
