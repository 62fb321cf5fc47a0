// N nodes that do the same at the same moment over a slow, shared store: each repeats a recorded
// import, touch by touch as the program did it, either from a mount of the store of its own or
// through Coppice, whose root has the only one. Every run is cold: new mounts, new peers. Blocks.
// Not thread-safe; run on the main thread.
#ifndef COPPICE_BENCH_STORM_RUN_H_
#define COPPICE_BENCH_STORM_RUN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/bench_context.h"
#include "bench/node_costs.h"
#include "bench/store_counters.h"
#include "bench/store_limiter.h"
#include "trace/trace.h"

namespace coppice {

struct StormOptions {
  Trace trace;
  // The directory that the store shows: the one that the trace was recorded of.
  std::string export_root = "/";
  StoreLimits store;
  // Children of a node in the tree.
  uint32_t fanout = 2;
};

struct StormOutcome {
  // From the moment when all began until the last had ended.
  absl::Duration duration;
  // What has reached the store: also what was still on its way at the end (readahead).
  StoreFigures store;
  // What each node has cost meanwhile. Of a direct one, `fuse` and `client` are those of its mount
  // of the store, and there is nothing else.
  std::vector<NodeCosts> nodes;
};

// An error when the trace does not fit the tree: each node must have done all of it.
absl::StatusOr<StormOutcome> RunStormDirect(const StormOptions& options, size_t nodes,
                                            const BenchContext& context);
absl::StatusOr<StormOutcome> RunStormThroughCoppice(const StormOptions& options, size_t nodes,
                                                    const BenchContext& context);

// What an import of the module touches, recorded through Coppice over the local disk.
absl::StatusOr<Trace> RecordImport(const std::string& module, const BenchContext& context);

}  // namespace coppice

#endif  // COPPICE_BENCH_STORM_RUN_H_
