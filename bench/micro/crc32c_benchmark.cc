// The checksum that every hop makes over every block.
#include <cstdint>
#include <string>

#include "benchmark/benchmark.h"
#include "common/crc32c.h"

namespace coppice {
namespace {

constexpr int64_t kPageBytes = 4 << 10;
constexpr int64_t kBlockBytesMeasured = 1 << 20;

void Checksum(benchmark::State& state) {
  const std::string bytes(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(Crc32c(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Checksum)->Name("crc32c")->Arg(kPageBytes)->Arg(kBlockBytesMeasured);

}  // namespace
}  // namespace coppice
