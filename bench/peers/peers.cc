// bench:peers; see --help and docs/benchmarks.md.
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "bench/bench_program.h"
#include "bench/peers/contender.h"
#include "bench/peers/peers_bench.h"
#include "bench/process/private_mounts.h"
#include "bench/process/sample_files.h"
#include "deploy/import_workload.h"

namespace {

constexpr char kDescription[] =
    R"(The mounts that a user could take instead of Coppice, on the same tree with the same work:
squashfuse_ll, kernel squashfs, bindfs, sshfs, rclone mount. What is not installed is a row that
says so; nothing is installed. As root, all is mounted in a namespace of its own.)";

constexpr char kExamples[] = R"(
Examples:
  The figures of docs/benchmarks.md:
    bazel run -c opt //bench:peers
  Another module:
    bazel run -c opt //bench:peers -- --module=scipy.linalg
  Two of them:
    bazel run -c opt //bench:peers -- --only=Coppice,bindfs)";

}  // namespace

int main(int argc, char** argv) {
  if (const absl::Status entered = coppice::EnterPrivateMounts(); !entered.ok()) {
    std::cerr << "peers: " << entered.message() << "\n";
    return 1;
  }
  coppice::PeersOptions options;
  coppice::BenchProgram program("peers", kDescription, kExamples);
  program.flags()
      .add_option("--module", options.module, "that Debian's Python imports")
      ->check([](const std::string& module) {
        return std::string(coppice::CheckModuleName(module).message());
      })
      ->capture_default_str();
  program.flags()
      .add_option("--size", options.size_bytes, "of the large file")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->check(CLI::Range(uint64_t{1}, coppice::kSampleBytesMax))
      ->default_str("256MiB");
  program.flags()
      .add_option("--only", options.contenders, "the names of those to compare")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>(coppice::kContenderNames.begin(),
                                                     coppice::kContenderNames.end())))
      ->default_str("all");
  return program.Run(argc, argv, {"local disk"},
                     [&options](const coppice::BenchContext& context, coppice::Report& report) {
                       return coppice::MeasurePeers(options, context, report);
                     });
}
