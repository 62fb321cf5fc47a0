// mount_floor: what a mount of ours costs, beside the least that FUSE costs and beside the local
// disk.
#include <sys/statfs.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/bench_context.h"
#include "bench/bench_program.h"
#include "bench/copy_count.h"
#include "bench/mount_cases.h"
#include "bench/mount_contender.h"
#include "bench/report.h"
#include "bench/scratch_directory.h"
#include "bench/system_call_counter.h"
#include "bench/worker_processes.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr char kDescription[] =
    "Measures lookups, opens, listings, reads and page faults on three mounts of the same files: "
    "the\n"
    "local disk, a FUSE file system that holds all in memory (the floor), and one node of Coppice\n"
    "whose peer has everything in its caches. Cold: the kernel and the client know nothing, but "
    "the\n"
    "client has the listing of a directory that is searched. Each round mounts all anew.";
constexpr char kExamples[] =
    "Examples:\n"
    "  bazel run //bench:mount_floor\n"
    "  bazel run //bench:mount_floor -- --size=64MiB --rounds=5     quicker, less memory\n"
    "  bazel run //bench:mount_floor -- --processes=1 --json | tail -n 1";
constexpr char kCallsCount[] = "RPCs";
constexpr double kColdLookupGoal = 1.3;
constexpr double kWarmGoal = 1.5;
constexpr double kSequentialGoal = 0.85;
constexpr uint64_t kSizeMin = uint64_t{1} << 20;

struct Options {
  MountData data;
  std::vector<size_t> processes = {1, 12};
  // Where the files are made.
  std::string directory;
  bool drop_caches = false;
};

// What is known of a case by a contender.
struct CaseResult {
  Unit unit = Unit::kSeconds;
  Samples samples;
  // One for each sample.
  std::vector<std::vector<Count>> counts;
  // Of the process that serves the mount, in the round that counts them.
  Samples system_calls;
  std::string absent;
};

std::string CaseName(const MountCase& mount_case, size_t processes) {
  return processes == 1 ? mount_case.name
                        : absl::StrCat(mount_case.name, ", ", processes, " processes");
}

std::vector<Count> CountsBetween(const MountCase& mount_case, const ContenderCosts& before,
                                 const ContenderCosts& after) {
  // The local disk: nobody serves.
  if (after.fuse.empty()) return {};
  std::vector<Count> counts = {
      {"server CPU", absl::ToDoubleSeconds(after.cpu - before.cpu), Unit::kSeconds},
      {"waits", static_cast<double>(after.waits - std::min(before.waits, after.waits))}};
  if (after.calls > before.calls) {
    counts.push_back({kCallsCount, static_cast<double>(after.calls - before.calls)});
    counts.push_back(
        {"RPC bytes", static_cast<double>(after.call_bytes - before.call_bytes), Unit::kBytes});
    counts.push_back(
        {"blocks shared", static_cast<double>(after.blocks_shared - before.blocks_shared)});
  }
  AppendCounts(FuseCounts(CountersBetween(before.fuse, after.fuse)), counts);
  // Who reads a file from start to end is given each byte once; small files are given ahead, too.
  if (mount_case.unit == Unit::kBytesPerSecond) {
    const MovedBytes moved = MovedBytesBetween(before.moved, after.moved);
    AppendCounts(CopyCounts(moved, moved.to_kernel), counts);
  }
  return counts;
}

class Comparison {
 public:
  Comparison(const Options& options, const BenchContext& context, Report& report)
      : options_(options), context_(context), report_(report) {}

  absl::Status Run() {
    auto data = ScratchDirectory::Make(options_.directory);
    if (!data.ok()) return data.status();
    auto scratch = ScratchDirectory::Make();
    if (!scratch.ok()) return scratch.status();
    context_.progress(absl::StrCat("making the files in ", data->path()));
    if (absl::Status status = MakeMountData(data->path(), options_.data, context_); !status.ok()) {
      return status;
    }
    if (absl::Status status = MakeContenders(data->path(), scratch->path()); !status.ok()) {
      return status;
    }
    absl::Status status = absl::OkStatus();
    for (size_t round = 0; round < context_.rounds && status.ok(); ++round) {
      context_.progress(absl::StrCat("round ", round + 1, " of ", context_.rounds));
      status = RunRounds(round);
    }
    if (status.ok()) status = CountSystemCalls();
    Fill(data->path());
    return status;
  }

 private:
  absl::Status MakeContenders(const std::string& data, const std::string& scratch) {
    contenders_.push_back(MakeLocalContender(data, options_.drop_caches));
    contenders_.push_back(MakeFloorContender(data, scratch, context_));
    context_.progress("starting a node and warming its peer");
    auto coppice = MakeCoppiceContender(data, options_.data, context_);
    if (!coppice.ok()) return coppice.status();
    contenders_.push_back(*std::move(coppice));
    return absl::OkStatus();
  }

  // A round of its own, whose times are not used: counting slows down what is counted.
  absl::Status CountSystemCalls() {
    if (absl::Status countable = CheckSystemCallsCountable(); !countable.ok()) {
      report_.AddNote(SystemCallsNote(countable));
      return absl::OkStatus();
    }
    context_.progress("counting system calls");
    counting_ = true;
    return RunRounds(context_.rounds);
  }

  absl::Status RunRounds(size_t round) {
    for (const size_t processes : options_.processes) {
      if (absl::Status status = RunRound(round, processes); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // All mounted anew, and unmounted whatever happens.
  absl::Status RunRound(size_t round, size_t processes) {
    absl::Status status = MeasureCases(round, processes);
    for (const auto& contender : contenders_) {
      if (absl::Status unmounted = contender->Unmount(); !unmounted.ok() && status.ok()) {
        status = Annotate(unmounted, contender->name());
      }
    }
    return status;
  }

  // Case by case, each by all contenders one right after the other, beginning with another one in
  // each round.
  absl::Status MeasureCases(size_t round, size_t processes) {
    std::vector<std::vector<MountCase>> cases;
    for (const auto& contender : contenders_) {
      const auto root = contender->Mount();
      if (!root.ok()) return Annotate(root.status(), contender->name());
      cases.push_back(MountCases(*root, options_.data, processes));
    }
    for (size_t i = 0; i < cases.front().size(); ++i) {
      for (size_t j = 0; j < contenders_.size(); ++j) {
        const size_t which = (round + j) % contenders_.size();
        MountContender& contender = *contenders_[which];
        if (absl::Status status = MeasureCase(contender, cases[which][i], processes);
            !status.ok()) {
          return Annotate(status, contender.name());
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status MeasureCase(MountContender& contender, const MountCase& mount_case,
                           size_t processes) {
    if (absl::Status status = CheckNotInterrupted(context_); !status.ok()) return status;
    const std::string name = CaseName(mount_case, processes);
    if (!results_.contains(name)) names_.push_back(name);
    CaseResult& result = results_[name][contender.name()];
    result.unit = mount_case.unit;
    if (absl::Status cold = contender.MakeCold(mount_case); !cold.ok()) {
      if (!absl::IsUnimplemented(cold)) return cold;
      result.absent = std::string(cold.message());
      return absl::OkStatus();
    }
    if (mount_case.before.work) {
      const auto prepared = RunWorkers(1, mount_case.before, kCaseMax, context_);
      if (!prepared.ok()) return Annotate(prepared.status(), name);
    }
    if (counting_) return CountCase(contender, mount_case, processes, result);
    const auto before = contender.Costs();
    if (!before.ok()) return before.status();
    const auto duration = RunWorkers(processes, mount_case.work, kCaseMax, context_);
    if (!duration.ok()) return Annotate(duration.status(), name);
    const auto after = contender.Costs();
    if (!after.ok()) return after.status();
    result.samples.Add(SampleOf(mount_case, *duration, processes));
    result.counts.push_back(CountsBetween(mount_case, *before, *after));
    backing_opens_ += after->backing_opens - before->backing_opens;
    return absl::OkStatus();
  }

  // The work of a case again; REQUIRES: it is prepared.
  absl::Status CountCase(const MountContender& contender, const MountCase& mount_case,
                         size_t processes, CaseResult& result) {
    if (contender.server_pid() < 0) return absl::OkStatus();
    const auto counter = SystemCallCounter::Start({contender.server_pid()});
    if (!counter.ok()) return counter.status();
    const auto worked = RunWorkers(processes, mount_case.work, kCaseMax, context_);
    if (!worked.ok()) return Annotate(worked.status(), CaseName(mount_case, processes));
    const auto total = counter->Total();
    if (!total.ok()) return total.status();
    result.system_calls.Add(static_cast<double>(*total));
    return absl::OkStatus();
  }

  static std::vector<Count> CountsOf(const CaseResult& result) {
    std::vector<Count> counts = MedianCounts(result.counts);
    if (!result.system_calls.empty()) {
      counts.insert(counts.begin(), {"system calls", result.system_calls.Median()});
    }
    return counts;
  }

  void Fill(const std::string& data) {
    for (const std::string& name : names_) {
      for (const auto& contender : contenders_) {
        CaseResult& result = results_[name][contender->name()];
        if (!result.absent.empty()) {
          report_.AddAbsent(name, contender->name(), result.absent);
        } else if (!result.samples.empty()) {
          report_.Add({.name = name,
                       .who = contender->name(),
                       .unit = result.unit,
                       .samples = result.samples,
                       .counts = CountsOf(result)});
        }
      }
    }
    AddGoals();
    AddNotes(data);
  }

  void AddGoals() {
    const auto add = [this](const char* row, const char* divisor, double goal, bool at_most) {
      report_.AddGoalOf(absl::StrCat(row, ", coppice / ", divisor), {row, "coppice"},
                        {row, divisor}, goal, at_most);
    };
    add("stat, cold", "floor", kColdLookupGoal, /*at_most=*/true);
    add("stat of a missing name, cold", "floor", kColdLookupGoal, /*at_most=*/true);
    for (const char* const name : {"stat, cold", "stat of a missing name, cold"}) {
      const ReportRow* const row = report_.Find(name, "coppice");
      if (row == nullptr) continue;
      double calls = 0;
      for (const Count& count : row->counts) {
        if (count.name == kCallsCount) calls = count.value;
      }
      report_.AddGoal({.name = absl::StrCat(name, ", coppice: RPCs"), .value = calls});
    }
    add("stat, warm", "local", kWarmGoal, /*at_most=*/true);
    add("open, read 8 KiB, close, warm", "local", kWarmGoal, /*at_most=*/true);
    add("sequential read, cold", "floor", kSequentialGoal, /*at_most=*/false);
  }

  void AddNotes(const std::string& data) {
    report_.AddNote(
        "Cold means: of the FUSE mounts, mounted anew; of the local disk, the pages of the file "
        "dropped (posix_fadvise) and,\nwith --drop_caches only, the names of the whole machine. A "
        "time is that of one operation as one process sees it; a rate\nis that of all processes. "
        "Counts are medians too, of all processes together; system calls are those of the process "
        "that serves the mount.");
    struct statfs figures = {};
    if (statfs(data.c_str(), &figures) == 0) {
      report_.AddNote(absl::StrCat("The local disk is file system type 0x",
                                   absl::Hex(figures.f_type),
                                   " of statfs(2); ext4 is 0xef53, tmpfs 0x1021994."));
    }
    if (backing_opens_ > 0) {
      report_.AddNote(absl::StrCat("The peer was not warm: it opened files ", backing_opens_,
                                   " times while it was measured."));
    }
  }

  const Options& options_;
  const BenchContext& context_;
  Report& report_;
  std::vector<std::unique_ptr<MountContender>> contenders_;
  // In the order in which they were measured.
  std::vector<std::string> names_;
  std::map<std::string, std::map<std::string, CaseResult>> results_;
  uint64_t backing_opens_ = 0;
  // Whether this round counts system calls instead of time.
  bool counting_ = false;
};

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) {
  coppice::Options options;
  coppice::BenchProgram program("mount_floor", coppice::kDescription, coppice::kExamples);
  program.flags()
      .add_option("--size", options.data.large_bytes,
                  "of the file that is read from start to end, such as 1GiB; the files that are "
                  "mapped and read at random are at most as large")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->check(CLI::Range(coppice::kSizeMin, uint64_t{1} << 40))
      ->default_str("1GiB");
  program.flags()
      .add_option("--files", options.data.names,
                  "names that are looked up and listed, and small files that are read")
      ->check(CLI::Range(size_t{1}, size_t{100'000}))
      ->capture_default_str();
  program.flags()
      .add_option("--processes", options.processes, "how many do it at once, such as 1,12")
      ->delimiter(',')
      ->check(CLI::Range(size_t{1}, coppice::kWorkersMax))
      ->default_str("1,12");
  program.flags()
      .add_option("--directory", options.directory,
                  "where the files are made, on the disk that is the local one (default $TMPDIR)")
      ->check(CLI::ExistingDirectory);
  program.flags().add_flag("--drop_caches", options.drop_caches,
                           "also drops the names that this machine's kernel knows, for the cold "
                           "local disk; needs root, and slows everybody down for a moment");
  return program.Run(
      argc, argv, {"floor", "local"},
      [&options](const coppice::BenchContext& context, coppice::Report& report) {
        options.data.small_files = options.data.names;
        options.data.random_bytes = std::min(options.data.random_bytes, options.data.large_bytes);
        options.data.mapped_bytes = std::min(options.data.mapped_bytes, options.data.large_bytes);
        return coppice::Comparison(options, context, report).Run();
      });
}
