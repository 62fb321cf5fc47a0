// The command line that all programs of bench/ share: --json, --rounds, a --help that teaches; the
// report on standard output, what happens on standard error; exit code 0, 1 for a failure, 2 for
// usage. A goal that was missed is a figure, not a failure. For main functions; not thread-safe.
#ifndef COPPICE_BENCH_BENCH_PROGRAM_H_
#define COPPICE_BENCH_BENCH_PROGRAM_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "bench/bench_context.h"
#include "bench/report.h"

namespace coppice {

class BenchProgram {
 public:
  // `examples` end the --help.
  BenchProgram(std::string name, const std::string& description, const std::string& examples);

  // For flags of the program's own.
  CLI::App& flags() { return app_; }

  // Is asked after parsing, for what no flag alone can get wrong: its error is a mistake in usage.
  void SetUsageCheck(std::function<absl::Status()> check) { usage_check_ = std::move(check); }

  // Parses, catches Ctrl-C, runs `measure` and prints its report, as far as it came. Returns the
  // exit code. REQUIRES: no thread was started yet.
  using Measure = std::function<absl::Status(const BenchContext& context, Report& report)>;
  int Run(int argc, char** argv, const std::vector<std::string>& baselines, const Measure& measure);

 private:
  const std::string name_;
  CLI::App app_;
  std::function<absl::Status()> usage_check_ = [] { return absl::OkStatus(); };
  bool json_ = false;
  size_t rounds_ = kRoundsDefault;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_BENCH_PROGRAM_H_
