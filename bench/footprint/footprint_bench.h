// What the two processes of a node take: memory when idle, memory for a cached environment, and
// requests for a walk over many names. Fills a report.
#ifndef COPPICE_BENCH_FOOTPRINT_FOOTPRINT_BENCH_H_
#define COPPICE_BENCH_FOOTPRINT_FOOTPRINT_BENCH_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "bench/bench_context.h"
#include "bench/report.h"

namespace coppice {

// Where Debian's packages put their Python modules. May be missing on a machine: a row then says
// so.
inline constexpr char kEnvironmentDefault[] = "/usr/lib/python3/dist-packages";

struct FootprintOptions {
  // Of the walk.
  size_t files = 20'000;
  // A directory that is read whole through the mount.
  std::string environment = kEnvironmentDefault;
};

// FAILED_PRECONDITION when there is nothing to read in another environment than the default.
absl::Status MeasureFootprint(const FootprintOptions& options, const BenchContext& context,
                              Report& report);

}  // namespace coppice

#endif  // COPPICE_BENCH_FOOTPRINT_FOOTPRINT_BENCH_H_
