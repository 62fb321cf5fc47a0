// Runs the microbenchmarks that are linked into the program, in rounds: Google Benchmark finds how
// many iterations a measurement needs and times them, what it says becomes a report as the other
// programs of bench/ have it. Not thread-safe: Google Benchmark's flags and list are global.
#ifndef COPPICE_BENCH_MICRO_MICRO_BENCH_H_
#define COPPICE_BENCH_MICRO_MICRO_BENCH_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bench/bench_context.h"
#include "bench/report.h"

namespace coppice {

// The baseline of the report.
inline constexpr char kOneThread[] = "1 thread";

struct MicroOptions {
  // A POSIX extended regular expression, found somewhere in the case; empty: all.
  std::string filter;
  // That the iterations of one measurement last together, at least.
  absl::Duration min_time = absl::Milliseconds(100);
};

// INVALID_ARGUMENT says what is wrong with a regular expression.
absl::Status CheckFilter(const std::string& filter);

// Adds a row for each benchmark, as far as it came: seconds an iteration, one sample a round; the
// CPU seconds and the benchmark's own counters are its counts. NOT_FOUND when no case has the
// filter. Stops between two measurements when it is interrupted.
absl::Status MeasureMicro(const MicroOptions& options, const BenchContext& context, Report& report);

}  // namespace coppice

#endif  // COPPICE_BENCH_MICRO_MICRO_BENCH_H_
