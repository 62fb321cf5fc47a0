// What one of many nodes has cost, the mean of them, as counts of a report: FUSE requests, RPCs,
// bytes over each hop, CPU. Pure functions, thread-safe.
#ifndef COPPICE_BENCH_NODE_MEANS_H_
#define COPPICE_BENCH_NODE_MEANS_H_

#include <vector>

#include "bench/node_costs.h"
#include "bench/report.h"

namespace coppice {

// Of nodes that have a mount and nothing else; of their costs, `fuse` and `client` are looked at.
// REQUIRES: there is a node.
std::vector<Count> MeanMountCounts(const std::vector<NodeCosts>& nodes);

// Of all nodes of a service, one of them the root. Those of the way to the parent are means of the
// nodes that have one; without such a node they are left out. REQUIRES: there is a node.
std::vector<Count> MeanNodeCounts(const std::vector<NodeCosts>& nodes);

}  // namespace coppice

#endif  // COPPICE_BENCH_NODE_MEANS_H_
