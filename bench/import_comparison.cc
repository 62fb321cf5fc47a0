#include "bench/import_comparison.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/cannot_import.h"
#include "bench/system_call_counter.h"
#include "common/status.h"
#include "deploy/import_run.h"
#include "deploy/import_workload.h"

namespace coppice {
namespace {

constexpr absl::Duration kImportMax = absl::Minutes(5);
constexpr double kColdGoal = 1.10;
constexpr double kWarmToFloorGoal = 1.02;
constexpr double kWarmToLocalGoal = 1.10;
constexpr double kAtOnceGoal = 1.10;
constexpr double kChainGoal = 1.25;
constexpr double kWarmRequestsGoal = 20;
constexpr char kChain[] = "coppice, chain of 4";
constexpr char kImporterSystemCalls[] = "system calls, import";

struct Result {
  Samples samples;
  // One for each sample.
  std::vector<std::vector<Count>> counts;
  // One for each import of the round that counts them.
  std::vector<std::vector<Count>> system_calls;
};

// The system calls of an import, of the processes that serve it and of Python.
class ImportSystemCalls {
 public:
  static absl::StatusOr<ImportSystemCalls> Start(const ImportContender& contender) {
    ImportSystemCalls calls;
    std::vector<ServingProcesses> groups = contender.servers();
    // Python is a child of ours, and we do little but wait for it.
    groups.push_back({kImporterSystemCalls, {getpid()}});
    for (const ServingProcesses& group : groups) {
      auto counter = SystemCallCounter::Start(group.pids);
      if (!counter.ok()) return counter.status();
      calls.groups_.push_back({group.count_name, group.pids.size(), *std::move(counter)});
    }
    return calls;
  }

  absl::StatusOr<std::vector<Count>> Take() const {
    std::vector<Count> counts;
    for (const Group& group : groups_) {
      const auto total = group.counter.Total();
      if (!total.ok()) return total.status();
      counts.push_back(
          {group.name, static_cast<double>(*total) / static_cast<double>(group.processes)});
    }
    return counts;
  }

 private:
  struct Group {
    std::string name;
    size_t processes;
    SystemCallCounter counter;
  };

  std::vector<Group> groups_;
};

class Comparison {
 public:
  Comparison(const ImportComparisonOptions& options,
             const std::vector<std::unique_ptr<ImportContender>>& contenders,
             const BenchContext& context, Report& report)
      : contenders_(contenders),
        context_(context),
        report_(report),
        at_once_(options.at_once),
        warm_imports_(options.warm_imports),
        module_(options.module),
        log_file_(options.log_file),
        cold_case_(absl::StrCat("import ", module_, ", cold")),
        warm_case_(absl::StrCat("import ", module_, ", warm")),
        at_once_case_(absl::StrCat("import ", module_, ", warm, ", at_once_, " at once")),
        libraries_(LibraryDirectories()) {}

  absl::Status Run() {
    // Thrown away: it fills the page cache, and shows whether the module is there.
    if (absl::Status status = Import("", 1, log_file_).status(); !status.ok()) {
      if (absl::IsCancelled(status)) return status;
      report_.AddAbsent(absl::StrCat("import ", module_), "local",
                        CannotImport(module_, log_file_));
      return absl::OkStatus();
    }
    absl::Status status = absl::OkStatus();
    for (size_t round = 0; round < context_.rounds && status.ok(); ++round) {
      context_.progress(absl::StrCat(module_, ", round ", round + 1, " of ", context_.rounds));
      status = RunRound(round);
    }
    if (status.ok() && CheckSystemCallsCountable().ok()) {
      // A round of its own, whose times are not used: counting slows down what is counted.
      context_.progress(absl::StrCat(module_, ", counting system calls"));
      counting_ = true;
      status = RunRound(context_.rounds);
    }
    Fill();
    return status;
  }

 private:
  // All unmounted at its end, whatever happens.
  absl::Status RunRound(size_t round) {
    absl::Status status = MeasureRound(round);
    for (const auto& contender : contenders_) {
      if (absl::Status unmounted = contender->Unmount(); !unmounted.ok() && status.ok()) {
        status = Annotate(unmounted, contender->name());
      }
    }
    return status;
  }

  // Until the last of the processes has ended. A log keeps tracebacks from the terminal.
  absl::StatusOr<absl::Duration> Import(const std::string& prefix, size_t processes,
                                        const std::string& log_file = "") {
    const std::vector<ImportPlace> places(
        processes, {.who = "import", .prefix = prefix, .log_file = log_file});
    const auto outcomes = RunImports(module_, places, libraries_, context_.Limits(kImportMax));
    if (!outcomes.ok()) return outcomes.status();
    absl::Duration longest;
    for (const ImportOutcome& outcome : *outcomes) {
      longest = std::max(longest, outcome.wall_time);
    }
    return longest;
  }

  absl::Status Measure(const std::string& name, ImportContender& contender, size_t processes) {
    if (absl::Status status = CheckNotInterrupted(context_); !status.ok()) return status;
    Result& result = results_[name][contender.name()];
    if (counting_) return CountCalls(contender, processes, result);
    const auto duration = Import(prefixes_[contender.name()], processes);
    if (!duration.ok()) return Annotate(duration.status(), contender.name());
    auto counts = contender.TakeCounts();
    if (!counts.ok()) return Annotate(counts.status(), contender.name());
    result.samples.Add(absl::ToDoubleSeconds(*duration));
    result.counts.push_back(*std::move(counts));
    return absl::OkStatus();
  }

  absl::Status CountCalls(const ImportContender& contender, size_t processes, Result& result) {
    const auto calls = ImportSystemCalls::Start(contender);
    if (!calls.ok()) return Annotate(calls.status(), contender.name());
    const auto imported = Import(prefixes_[contender.name()], processes);
    if (!imported.ok()) return Annotate(imported.status(), contender.name());
    auto counts = calls->Take();
    if (!counts.ok()) return Annotate(counts.status(), contender.name());
    result.system_calls.push_back(*std::move(counts));
    return absl::OkStatus();
  }

  // Each begins with another contender.
  ImportContender& Nth(size_t round, size_t i) const {
    return *contenders_[(round + i) % contenders_.size()];
  }

  absl::Status MeasureRound(size_t round) {
    prefixes_.clear();
    for (size_t i = 0; i < contenders_.size(); ++i) {
      if (absl::Status status = MountOne(Nth(round, i)); !status.ok()) return status;
    }
    // What was long not used may have left the page cache meanwhile: the first is thrown away.
    for (size_t repeat = 0; repeat <= warm_imports_; ++repeat) {
      for (size_t i = 0; i < contenders_.size(); ++i) {
        ImportContender& contender = Nth(round + repeat, i);
        if (!contender.has_warm()) continue;
        absl::Status status = repeat == 0 ? Touch(contender) : Measure(warm_case_, contender, 1);
        if (!status.ok()) return status;
      }
    }
    if (at_once_ == 0) return absl::OkStatus();
    for (size_t i = 0; i < contenders_.size(); ++i) {
      ImportContender& contender = Nth(round, i);
      if (!contender.has_warm()) continue;
      if (absl::Status status = Touch(contender); !status.ok()) return status;
      if (absl::Status status = Measure(at_once_case_, contender, at_once_); !status.ok()) {
        return status;
      }
    }
    return absl::OkStatus();
  }

  absl::Status MountOne(ImportContender& contender) {
    // The backing store is to be in the page cache.
    if (absl::Status status = Import("", 1).status(); !status.ok()) return status;
    auto prefix = contender.Mount();
    if (!prefix.ok()) return Annotate(prefix.status(), contender.name());
    prefixes_[contender.name()] = *std::move(prefix);
    if (contender.has_cold()) {
      if (absl::Status status = Measure(cold_case_, contender, 1); !status.ok()) return status;
    }
    // Of no more use.
    return contender.has_warm() ? absl::OkStatus() : contender.Unmount();
  }

  // An import that is neither timed nor counted.
  absl::Status Touch(ImportContender& contender) {
    if (absl::Status status = CheckNotInterrupted(context_); !status.ok()) return status;
    const auto imported = Import(prefixes_[contender.name()], 1);
    if (!imported.ok()) return Annotate(imported.status(), contender.name());
    return contender.TakeCounts().status();
  }

  void Fill() {
    for (const std::string& name : {cold_case_, warm_case_, at_once_case_}) {
      for (const auto& contender : contenders_) {
        Result& result = results_[name][contender->name()];
        if (result.samples.empty()) continue;
        std::vector<Count> counts = MedianCounts(result.counts);
        AppendCounts(MedianCounts(result.system_calls), counts);
        report_.Add({.name = name,
                     .who = contender->name(),
                     .samples = std::move(result.samples),
                     .counts = std::move(counts)});
      }
    }
    const std::pair<std::string, std::string> cold_floor(cold_case_, "floor");
    const std::pair<std::string, std::string> warm(warm_case_, "coppice");
    report_.AddGoalOf(absl::StrCat(cold_case_, ": coppice / floor"), {cold_case_, "coppice"},
                      cold_floor, kColdGoal);
    report_.AddGoalOf(absl::StrCat(cold_case_, ": last of a chain of 4 / floor"),
                      {cold_case_, kChain}, cold_floor, kChainGoal);
    report_.AddGoalOf(absl::StrCat(warm_case_, ": coppice / floor"), warm, {warm_case_, "floor"},
                      kWarmToFloorGoal);
    report_.AddGoalOf(absl::StrCat(warm_case_, ": coppice / local"), warm, {warm_case_, "local"},
                      kWarmToLocalGoal);
    AddRequestsGoal();
    if (at_once_ == 0) return;
    report_.AddGoalOf(absl::StrCat(at_once_case_, ": coppice / local"), {at_once_case_, "coppice"},
                      {at_once_case_, "local"}, kAtOnceGoal);
  }

  void AddRequestsGoal() {
    const ReportRow* const row = report_.Find(warm_case_, "coppice");
    if (row == nullptr) return;
    for (const Count& count : row->counts) {
      if (count.name != kRequestsCount) continue;
      report_.AddGoal({.name = absl::StrCat(warm_case_, ": FUSE requests besides IOCTL"),
                       .value = count.value,
                       .goal = kWarmRequestsGoal});
    }
  }

  const std::vector<std::unique_ptr<ImportContender>>& contenders_;
  const BenchContext& context_;
  Report& report_;
  const size_t at_once_;
  const size_t warm_imports_;
  const std::string module_;
  const std::string log_file_;
  const std::string cold_case_;
  const std::string warm_case_;
  const std::string at_once_case_;
  const std::vector<std::string> libraries_;
  // Whether this round counts system calls instead of time.
  bool counting_ = false;
  // By contender, in this round.
  std::map<std::string, std::string> prefixes_;
  std::map<std::string, std::map<std::string, Result>> results_;
};

}  // namespace

absl::Status CompareImports(const ImportComparisonOptions& options,
                            const std::vector<std::unique_ptr<ImportContender>>& contenders,
                            const BenchContext& context, Report& report) {
  return Comparison(options, contenders, context, report).Run();
}

}  // namespace coppice
