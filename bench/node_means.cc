#include "bench/node_means.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace coppice {
namespace {

struct Sums {
  uint64_t fuse_requests = 0;
  uint64_t calls_served = 0;
  uint64_t calls_up = 0;
  uint64_t hop_bytes = 0;
  absl::Duration client_cpu;
  absl::Duration peer_cpu;
};

Sums SumsOf(const std::vector<NodeCosts>& nodes) {
  Sums sums;
  for (const NodeCosts& node : nodes) {
    sums.fuse_requests += FuseRequestsBesideIoctl(node.fuse);
    sums.calls_served += CallsIn(node.service);
    sums.calls_up += CallsIn(node.parent);
    sums.hop_bytes += CounterOf(node.parent, "bytes_received");
    sums.client_cpu += node.client.cpu;
    sums.peer_cpu += node.peer.cpu;
  }
  return sums;
}

double Mean(uint64_t sum, size_t nodes) {
  return static_cast<double>(sum) / static_cast<double>(nodes);
}

double MeanSeconds(absl::Duration sum, size_t nodes) {
  return absl::ToDoubleSeconds(sum) / static_cast<double>(nodes);
}

}  // namespace

std::vector<Count> MeanMountCounts(const std::vector<NodeCosts>& nodes) {
  const Sums sums = SumsOf(nodes);
  return {{"FUSE, no IOCTL", Mean(sums.fuse_requests, nodes.size())},
          {"client CPU", MeanSeconds(sums.client_cpu, nodes.size()), Unit::kSeconds}};
}

std::vector<Count> MeanNodeCounts(const std::vector<NodeCosts>& nodes) {
  const Sums sums = SumsOf(nodes);
  // A peer counts the calls of its client and those of its children together. What a peer asks its
  // parent for, its parent serves, so the rest of all is the clients'.
  const uint64_t client_calls = sums.calls_served - std::min(sums.calls_served, sums.calls_up);
  std::vector<Count> counts = MeanMountCounts(nodes);
  counts.push_back({"CPU per peer", MeanSeconds(sums.peer_cpu, nodes.size()), Unit::kSeconds});
  counts.push_back({"RPCs", Mean(client_calls, nodes.size())});
  if (nodes.size() > 1) {
    const size_t hops = nodes.size() - 1;
    counts.push_back({"RPCs up", Mean(sums.calls_up, hops)});
    counts.push_back({"bytes per hop", Mean(sums.hop_bytes, hops), Unit::kBytes});
  }
  return counts;
}

}  // namespace coppice
