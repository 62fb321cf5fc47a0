// What a chain of peers has cost while a reader at its end read, and what bench:hop says of it. The
// reader is a mount at the last peer, or a client of the wire that has no mount. Thread-safe:
// values and functions without state.
#ifndef COPPICE_BENCH_HOP_CHAIN_COSTS_H_
#define COPPICE_BENCH_HOP_CHAIN_COSTS_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/bench_context.h"
#include "bench/hop/competitor.h"
#include "bench/hop/costed_run.h"
#include "bench/node_costs.h"
#include "bench/process/peer_chain.h"
#include "bench/report.h"

namespace coppice {

struct ChainMount {
  std::string mount_point;
  pid_t client_pid = -1;
};

// Has the run measure the work, and tells it the ChainCounts. Blocks.
absl::StatusOr<absl::Duration> MeasureChain(const PeerChain& peers,
                                            const std::optional<ChainMount>& mount,
                                            const Workload& workload,
                                            const std::function<absl::Status()>& work,
                                            CostedRun& run, const BenchContext& context);

// Of what was spent between two readings of all nodes, the root first; those of the client and of
// FUSE are at the last one. Copies of large files only: small ones come in messages
// whose copies cannot be told (bench/copy_count.h).
std::vector<Count> ChainCounts(const std::vector<NodeCosts>& before,
                               const std::vector<NodeCosts>& after, const Workload& workload,
                               bool has_mount);

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_CHAIN_COSTS_H_
