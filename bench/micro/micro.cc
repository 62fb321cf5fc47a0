// bench:micro; see --help and docs/benchmarks.md.
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "bench/bench_program.h"
#include "bench/micro/micro_bench.h"

namespace {

constexpr char kDescription[] =
    R"(Measures the parts that every request passes, each alone and without a mount: a hit of the
cache, single flight, a name in a listing, the codecs, the checksum. Google Benchmark finds how
often each has to be repeated to be timed.)";

constexpr char kExamples[] = R"(
Examples:
  The figures of docs/benchmarks.md, a minute or so:
    bazel run -c opt //bench:micro
  One part, more exactly:
    bazel run -c opt //bench:micro -- --filter=^listing/ --min_time=1s
  For a program:
    bazel run -c opt //bench:micro -- --filter='crc32c|codec' --json | tail -n 1)";

constexpr absl::Duration kMinTimeMax = absl::Minutes(1);

std::string CheckMinTime(const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration() &&
      duration <= kMinTimeMax) {
    return "";
  }
  return absl::StrCat("'", text, "' is no duration of at most ", absl::FormatDuration(kMinTimeMax),
                      "; write for example 100ms");
}

}  // namespace

int main(int argc, char** argv) {
  coppice::MicroOptions options;
  std::string min_time = absl::FormatDuration(options.min_time);
  coppice::BenchProgram program("micro", kDescription, kExamples);
  program.flags()
      .add_option("--filter", options.filter,
                  "measures the cases with this extended regular expression in their name")
      ->type_name("REGEX")
      ->check([](const std::string& filter) {
        return std::string(coppice::CheckFilter(filter).message());
      });
  program.flags()
      .add_option("--min_time", min_time, "that the iterations of one measurement last, at least")
      ->type_name("DURATION")
      ->check(CheckMinTime)
      ->capture_default_str();
  return program.Run(argc, argv, {coppice::kOneThread},
                     [&](const coppice::BenchContext& context, coppice::Report& report) {
                       absl::ParseDuration(min_time, &options.min_time);
                       return coppice::MeasureMicro(options, context, report);
                     });
}
