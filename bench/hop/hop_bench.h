// One hop and chains of them: a large file and many small ones through real peers, root hot and all
// below it cold, against the same number of hops of raw gRPC and of bare TCP. Fills a report.
#ifndef COPPICE_BENCH_HOP_HOP_BENCH_H_
#define COPPICE_BENCH_HOP_HOP_BENCH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "bench/bench_context.h"
#include "bench/report.h"

namespace coppice {

// The longest chain. Longer ones would measure the cores of one machine and nothing else.
inline constexpr size_t kChainMax = 4;
inline constexpr size_t kSmallFileBytes = 4096;

struct HopOptions {
  uint64_t size_bytes = uint64_t{1} << 30;
  size_t files = 10'000;
  // Hops: processes that the bytes pass, each over a connection of its own.
  std::vector<size_t> chains = {1, 2, 3, 4};
};

absl::Status MeasureHops(const HopOptions& options, const BenchContext& context, Report& report);

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_HOP_BENCH_H_
