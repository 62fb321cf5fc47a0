// bench:hop; see --help and docs/benchmarks.md.
#include <iostream>

#include "CLI/CLI.hpp"
#include "bench/bench_program.h"
#include "bench/hop/hop_bench.h"
#include "bench/process/private_mounts.h"
#include "bench/process/sample_files.h"
#include "common/process_tuning.h"

namespace {

constexpr char kDescription[] =
    R"(Moves a large file and many small ones through chains of real peers on this machine, and the
same bytes through as many hops of raw gRPC and of bare TCP. The small files are also sent by tar:
its stream alone, and until they are unpacked in memory (below /dev/shm) and read, which is gone
again afterwards. The root is hot, everything below is cold.)";

constexpr char kExamples[] = R"(
Examples:
  The figures of docs/benchmarks.md, some minutes:
    bazel run -c opt //bench:hop
  One hop only, for a quick look:
    bazel run -c opt //bench:hop -- --chains=1 --size=256MiB --files=1000 --rounds=3)";

}  // namespace

int main(int argc, char** argv) {
  // As our own processes do; so does the relay.
  coppice::TuneProcess();
  if (const absl::Status entered = coppice::EnterPrivateMounts(); !entered.ok()) {
    std::cerr << "hop: " << entered.message() << "\n";
    return 1;
  }
  coppice::HopOptions options;
  coppice::BenchProgram program("hop", kDescription, kExamples);
  program.flags()
      .add_option("--size", options.size_bytes, "of the large file; 0: none")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->check(CLI::Range(uint64_t{0}, coppice::kSampleBytesMax))
      ->default_str("1GiB");
  program.flags()
      .add_option("--files", options.files, "small files, of 4 KiB each; 0: none")
      ->check(CLI::Range(size_t{0}, coppice::kSampleFilesMax))
      ->capture_default_str();
  program.flags()
      .add_option("--chains", options.chains, "lengths of the chains, in hops")
      ->delimiter(',')
      ->check(CLI::Range(size_t{1}, coppice::kChainMax))
      ->default_str("1,2,3,4");
  program.SetUsageCheck([&options] {
    return options.size_bytes > 0 || options.files > 0
               ? absl::OkStatus()
               : absl::InvalidArgumentError("--size=0 and --files=0 leave nothing to measure");
  });
  return program.Run(argc, argv, {"raw gRPC"},
                     [&options](const coppice::BenchContext& context, coppice::Report& report) {
                       return coppice::MeasureHops(options, context, report);
                     });
}
