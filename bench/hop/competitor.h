// Who is measured in a case of bench:hop, and how: each moves the same bytes in its own way.
// Blocks. Not thread-safe.
#ifndef COPPICE_BENCH_HOP_COMPETITOR_H_
#define COPPICE_BENCH_HOP_COMPETITOR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/bench_context.h"
#include "bench/hop/costed_run.h"
#include "bench/report.h"
#include "bench/samples.h"

namespace coppice {

// What a competitor does: sets up, measures, with the CostedRun when its costs can be known, and
// tears down. How long it took.
using Measure = std::function<absl::StatusOr<absl::Duration>(CostedRun& run)>;

// One case of the report.
struct Workload {
  std::string name;
  size_t hops = 1;
  uint64_t bytes = 0;
  size_t files = 0;  // 0: one large one
};

struct Competitor {
  std::string who;
  Measure measure;
  bool has_hops = true;
  // Not empty: it cannot be measured here, and why.
  std::string absent;
};

// Measures all of them interleaved and adds a row for each, of bytes per second. The CPU seconds of
// those whose costs are known, by competitor. Those are done once more, untimed, for their system
// calls, where these can be counted (bench/system_call_counter.h). The first error ends it.
absl::StatusOr<std::map<std::string, Samples>> Compete(const Workload& workload,
                                                       const std::vector<Competitor>& competitors,
                                                       const BenchContext& context, Report& report);

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_COMPETITOR_H_
