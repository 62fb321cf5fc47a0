// bench:footprint; see --help and docs/benchmarks.md.
#include "bench/bench_program.h"
#include "bench/footprint/footprint_bench.h"
#include "bench/process/sample_files.h"

namespace {

constexpr char kDescription[] =
    R"(Starts a node as launch does, and measures what it takes: the memory of its two processes
when idle and with an environment in the cache, and the requests for a cold walk over many files.)";

constexpr char kExamples[] = R"(
Examples:
  The figures of docs/benchmarks.md:
    bazel run -c opt //bench:footprint
  Another environment:
    bazel run -c opt //bench:footprint -- --environment=/opt/env/lib --files=0)";

}  // namespace

int main(int argc, char** argv) {
  coppice::FootprintOptions options;
  coppice::BenchProgram program("footprint", kDescription, kExamples);
  program.flags()
      .add_option("--files", options.files, "that the walk finds, 100 in a directory; 0: no walk")
      ->check(CLI::Range(size_t{0}, coppice::kSampleFilesMax))
      ->capture_default_str();
  program.flags()
      .add_option("--environment", options.environment, "read whole, for the memory of a cache")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  return program.Run(argc, argv, {},
                     [&options](const coppice::BenchContext& context, coppice::Report& report) {
                       return coppice::MeasureFootprint(options, context, report);
                     });
}
