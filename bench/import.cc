// import: what a Python program waits for before its first line runs, through Coppice and through
// everything else that it could be read from.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bench/bench_program.h"
#include "bench/import_comparison.h"
#include "bench/import_contender.h"
#include "bench/report.h"
#include "bench/scratch_directory.h"
#include "bench/system_call_counter.h"
#include "deploy/import_workload.h"

namespace coppice {
namespace {

constexpr char kDescription[] =
    "Imports Python modules of Debian packages, all of their files and shared libraries through a\n"
    "prefix: the local disk, a FUSE passthrough, a FUSE file system that holds all in memory (the\n"
    "floor), the kernel's squashfs (uncompressed), and Coppice: at one node, and at the last of a\n"
    "chain of 2 and of 4. Cold: mounted anew, the caches of all peers empty, the local disk's "
    "pages\n"
    "in the page cache. Warm: again through the same mount.";
constexpr char kExamples[] =
    "Examples:\n"
    "  bazel run //bench:import\n"
    "  bazel run //bench:import -- --module=torch --only=local,floor,coppice1\n"
    "  bazel run //bench:import -- --module=numpy --rounds=11 --json | tail -n 1\n"
    "The floor takes about as much memory as the packages and libraries are large.";
constexpr size_t kAtOnceMax = 1024;
constexpr size_t kWarmImportsMax = 100;

struct Options {
  std::vector<std::string> modules = {"numpy", "scipy.linalg", "torch"};
  std::vector<std::string> only;
  ImportComparisonOptions comparison;
};

const std::vector<std::string>& ContenderNames() {
  static const auto* const kNames = new std::vector<std::string>{
      "local", "passthrough", "floor", "squashfs", "coppice1", "coppice2", "coppice4"};
  return *kNames;
}

// All that an import reads; the directories of BLAS and LAPACK are below the last.
std::vector<std::string> ImportDirectories() {
  return {kPythonPackages, LibraryDirectories().back()};
}

// A run that has measured nothing is no success.
absl::Status CheckMeasured(const Report& report) {
  std::vector<std::string> reasons;
  for (const ReportRow& row : report.rows()) {
    if (row.absent.empty()) return absl::OkStatus();
    reasons.push_back(absl::StrCat(row.who, ": ", row.absent));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("nothing was measured: ", absl::StrJoin(reasons, "; ")));
}

absl::Status Measure(const Options& options, const BenchContext& context, Report& report) {
  auto scratch = ScratchDirectory::Make();
  if (!scratch.ok()) return scratch.status();
  const auto wanted = [&options](const char* name) {
    return options.only.empty() ||
           std::find(options.only.begin(), options.only.end(), name) != options.only.end();
  };
  std::vector<std::unique_ptr<ImportContender>> contenders;
  if (wanted("local")) contenders.push_back(MakeLocalImport());
  if (wanted("passthrough")) {
    contenders.push_back(MakePassthroughImport(scratch->path(), context));
  }
  if (wanted("floor")) {
    contenders.push_back(MakeFloorImport(ImportDirectories(), scratch->path(), context));
  }
  if (wanted("squashfs")) {
    auto squashfs = MakeSquashfsImport(ImportDirectories(), scratch->path(), context);
    if (squashfs.ok()) {
      contenders.push_back(*std::move(squashfs));
    } else {
      report.AddAbsent("import", "squashfs", std::string(squashfs.status().message()));
    }
  }
  for (const size_t nodes : {1, 2, 4}) {
    if (!wanted(absl::StrCat("coppice", nodes).c_str())) continue;
    contenders.push_back(MakeCoppiceImport(nodes, context));
  }
  for (const std::string& module : options.modules) {
    ImportComparisonOptions comparison = options.comparison;
    comparison.module = module;
    comparison.log_file = scratch->File(absl::StrCat("import-", module, ".log"));
    if (absl::Status status = CompareImports(comparison, contenders, context, report);
        !status.ok()) {
      return status;
    }
  }
  if (absl::Status measured = CheckMeasured(report); !measured.ok()) return measured;
  report.AddNote(
      "Times are from the start of Python to its end. Counts are medians too, each of an import by "
      "all "
      "its processes; RPCs\nare those of the last node's client, CPU is that of the processes that "
      "serve.");
  if (absl::Status countable = CheckSystemCallsCountable(); !countable.ok()) {
    report.AddNote(SystemCallsNote(countable));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) {
  coppice::Options options;
  coppice::BenchProgram program("import", coppice::kDescription, coppice::kExamples);
  program.flags()
      .add_option("--module", options.modules, "what is imported, such as numpy,torch")
      ->delimiter(',')
      ->check([](const std::string& module) {
        return std::string(coppice::CheckModuleName(module).message());
      })
      ->default_str("numpy,scipy.linalg,torch");
  program.flags()
      .add_option("--only", options.only,
                  "some of local,passthrough,floor,squashfs,coppice1,coppice2,coppice4")
      ->delimiter(',')
      ->check(CLI::IsMember(coppice::ContenderNames()));
  program.flags()
      .add_option("--at_once", options.comparison.at_once,
                  "how many processes import at once, warm; 0: that is not measured")
      ->check(CLI::Range(size_t{0}, coppice::kAtOnceMax))
      ->capture_default_str();
  program.flags()
      .add_option("--warm", options.comparison.warm_imports, "warm imports in each round")
      ->check(CLI::Range(size_t{1}, coppice::kWarmImportsMax))
      ->capture_default_str();
  return program.Run(argc, argv, {"floor", "local"},
                     [&options](const coppice::BenchContext& context, coppice::Report& report) {
                       return coppice::Measure(options, context, report);
                     });
}
