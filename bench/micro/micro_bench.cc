#include "bench/micro/micro_bench.h"

#include <regex.h>

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "bench/interleave.h"
#include "benchmark/benchmark.h"

namespace coppice {
namespace {

constexpr size_t kRegexErrorBytesMax = 256;
// How Google Benchmark ends the names of those that set threads and clock.
constexpr absl::string_view kThreadsSuffix = "/threads:";
constexpr absl::string_view kWallClockSuffix = "/real_time";
constexpr char kCpuCount[] = "CPU";

// A compiled POSIX extended regular expression.
class Regex {
 public:
  explicit Regex(const std::string& text)
      : error_(regcomp(&regex_, text.c_str(), REG_EXTENDED | REG_NOSUB)) {}
  ~Regex() {
    if (error_ == 0) regfree(&regex_);
  }
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  // What is wrong with the text; the others then mean nothing.
  absl::Status status() const {
    if (error_ == 0) return absl::OkStatus();
    std::array<char, kRegexErrorBytesMax> message;
    regerror(error_, &regex_, message.data(), message.size());
    return absl::InvalidArgumentError(message.data());
  }
  bool FoundIn(const std::string& text) const {
    return regexec(&regex_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t regex_;
  const int error_;
};

struct Micro {
  // As Google Benchmark knows it, and as the report does.
  std::string full_name;
  std::string name;
  std::string who = kOneThread;
  // As far as it came.
  Samples seconds;
  std::vector<std::vector<Count>> counts;
};

// Takes "lru_cache/hit_block/real_time/threads:8" apart.
Micro ParseName(absl::string_view full_name) {
  Micro micro = {.full_name = std::string(full_name)};
  const size_t threads = full_name.rfind(kThreadsSuffix);
  if (threads != absl::string_view::npos) {
    const absl::string_view count = full_name.substr(threads + kThreadsSuffix.size());
    if (count != "1") micro.who = absl::StrCat(count, " threads");
    full_name = full_name.substr(0, threads);
  }
  micro.name = std::string(absl::StripSuffix(full_name, kWallClockSuffix));
  return micro;
}

// The only way to set most of Google Benchmark's flags.
void SetLibraryFlags(std::vector<std::string> flags) {
  flags.insert(flags.begin(), "micro");
  std::vector<char*> arguments;
  for (std::string& flag : flags) arguments.push_back(flag.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
}

// Keeps what is reported, and prints nothing: standard output is the report's.
class RunKeeper final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override { run_ = runs.front(); }
  const std::optional<Run>& run() const { return run_; }

 private:
  std::optional<Run> run_;
};

std::vector<Micro> AllMicros() {
  std::ostringstream names;
  RunKeeper keeper;
  keeper.SetOutputStream(&names);
  SetLibraryFlags({"--benchmark_list_tests=true"});
  benchmark::RunSpecifiedBenchmarks(&keeper, ".");
  std::vector<Micro> micros;
  for (const absl::string_view name : absl::StrSplit(names.str(), '\n', absl::SkipEmpty())) {
    micros.push_back(ParseName(name));
  }
  return micros;
}

absl::StatusOr<std::vector<Micro>> FindMicros(const std::string& filter) {
  std::vector<Micro> micros = AllMicros();
  if (filter.empty()) return micros;
  const Regex regex(filter);
  if (!regex.status().ok()) return regex.status();
  std::vector<Micro> found;
  std::set<std::string> subjects;
  for (Micro& micro : micros) {
    subjects.insert(micro.name.substr(0, micro.name.find('/')));
    if (regex.FoundIn(micro.name)) found.push_back(std::move(micro));
  }
  if (!found.empty()) return found;
  return absl::NotFoundError(
      absl::StrCat("--filter=", filter, ": no case has that in its name; the cases begin with ",
                   absl::StrJoin(subjects, ", "), "; without --filter all are measured"));
}

Unit UnitOf(absl::string_view counter) {
  if (absl::EndsWith(counter, "bytes_per_second")) return Unit::kBytesPerSecond;
  return absl::EndsWith(counter, "bytes") ? Unit::kBytes : Unit::kCount;
}

// Seconds an iteration.
absl::StatusOr<double> MeasureOnce(Micro& micro) {
  RunKeeper keeper;
  // The names of benchmarks have no characters that mean something in a regular expression.
  const size_t count =
      benchmark::RunSpecifiedBenchmarks(&keeper, absl::StrCat("^", micro.full_name, "$"));
  if (count != 1 || !keeper.run().has_value()) {
    return absl::InternalError(absl::StrCat("the name belongs to ", count, " benchmarks"));
  }
  const benchmark::BenchmarkReporter::Run& run = *keeper.run();
  if (run.error_occurred) return absl::FailedPreconditionError(run.error_message);
  const double in_a_second = benchmark::GetTimeUnitMultiplier(run.time_unit);
  std::vector<Count> counts = {{kCpuCount, run.GetAdjustedCPUTime() / in_a_second, Unit::kSeconds}};
  for (const auto& [name, counter] : run.counters) {
    counts.push_back({name, counter.value, UnitOf(name)});
  }
  micro.counts.push_back(std::move(counts));
  micro.seconds.Add(run.GetAdjustedRealTime() / in_a_second);
  return micro.seconds.values().back();
}

}  // namespace

absl::Status CheckFilter(const std::string& filter) { return Regex(filter).status(); }

absl::Status MeasureMicro(const MicroOptions& options, const BenchContext& context,
                          Report& report) {
  auto micros = FindMicros(options.filter);
  if (!micros.ok()) return micros.status();
  SetLibraryFlags({"--benchmark_list_tests=false", "--benchmark_repetitions=1",
                   absl::StrCat("--benchmark_min_time=", absl::ToDoubleSeconds(options.min_time))});
  std::vector<NamedMeasurement> measurements;
  for (Micro& micro : *micros) {
    measurements.push_back({micro.full_name, [&micro] { return MeasureOnce(micro); }});
  }
  const absl::Status status = Interleave(measurements, context).status();
  for (Micro& micro : *micros) {
    if (micro.seconds.empty()) continue;
    report.Add({.name = micro.name,
                .who = micro.who,
                .samples = std::move(micro.seconds),
                .counts = MedianCounts(micro.counts)});
  }
  report.AddNote(
      "Times are of one iteration; where several threads iterate, of one of all that they did. CPU "
      "is that of an iteration, of all threads.");
  return status;
}

}  // namespace coppice
