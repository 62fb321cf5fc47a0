// What a tree costs: the time until the last member has an object, and the fan-out that is best.
//
// A model, not a measurement. Its words are those of LogGP (Alexandrov, Ionescu, Schauser,
// Scheiman, "LogGP: Incorporating Long Messages into the LogP Model", 1995): latency, overhead a
// message and gap a byte. For a tree of height d, fan-out k, over N members:
//
//   small object    d * (hop + k * child)
//       stored, then forwarded: a parent answers its children one after the other, so the last
//       one waits for k answers at each level.
//   large object    max(1, m * k / R) * bytes / bandwidth  +  d * (hop + k * block / bandwidth)
//       cut-through: each node passes blocks on while others arrive, so the busiest node's link is
//       what counts; of R trees each carries 1/R of the blocks, and the busiest node is interior
//       in m of them. In front comes the first block's way down.
//
// Pure, thread-safe. Times are in seconds unless the name says otherwise.
#ifndef COPPICE_TREE_BUILDER_TREE_COSTS_H_
#define COPPICE_TREE_BUILDER_TREE_COSTS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coppice {

struct TreeCosts {
  // From a request to its answer over one hop when nobody else asks: the network, there and back,
  // and both peers. Measured over three hops of peers on one machine: 318 us.
  double hop_us = 106;
  // What a parent spends on each further child that asks for the same. Half the CPU of a hop.
  double child_us = 36;
  // Bytes that leave a node, over all of its connections. One connection of ours over loopback
  // moves 1.7 GB/s; 10 Gbit/s would be 1,250.
  double bandwidth_mb_per_s = 1700;

  bool operator==(const TreeCosts&) const = default;
};

// What the fan-out is chosen for. A cold import of numpy: 190 requests one after the other, 22 MB.
struct TreeWorkload {
  double small_requests = 190;
  double large_bytes = 22e6;
};

// What a large object is cut into: the blocks of the peers.
inline constexpr double kCutThroughBytes = 1 << 20;

// Of trees, as far as the model knows them.
struct TreeFigures {
  uint32_t height = 0;
  uint32_t fanout = 1;
  uint32_t tree_count = 1;
  // In how many trees the busiest member is interior.
  uint32_t interior_trees_max = 0;
};

// The figures of rotated trees. REQUIRES as RotatedTree.
TreeFigures RotatedTreeFigures(uint32_t member_count, uint32_t fanout, uint32_t tree_count);

double SmallObjectSeconds(const TreeCosts& costs, const TreeFigures& figures);
double LargeObjectSeconds(const TreeCosts& costs, const TreeFigures& figures, double bytes);
double WorkloadSeconds(const TreeCosts& costs, const TreeFigures& figures,
                       const TreeWorkload& workload);

// The fan-out up to kFanoutMax of the least WorkloadSeconds, the smallest among equals, whose tree
// is not deeper than kDepthMax. REQUIRES: 0 < tree_count <= member_count <= kMembersMax.
uint32_t BestFanout(const TreeCosts& costs, uint32_t member_count, uint32_t tree_count,
                    const TreeWorkload& workload);

// A line "NAME VALUE" for each constant, by the names above; '#' begins a comment.
std::string TreeCostsText(const TreeCosts& costs);

// What TreeCostsText wrote; constants that are not there keep their defaults. INVALID_ARGUMENT with
// the line for what is no constant, comes twice or is not above zero.
absl::StatusOr<TreeCosts> ParseTreeCosts(absl::string_view text);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_TREE_COSTS_H_
