#include "bench/copy_count.h"

namespace coppice {

MovedBytes MovedBytesOf(const std::vector<NodeCosts>& costs) {
  MovedBytes moved;
  for (const NodeCosts& node : costs) {
    moved.from_backing += CounterOf(node.backing, "bytes");
    moved.over_hops += CounterOf(node.parent, "bytes_received");
  }
  if (costs.empty()) return moved;
  // What the others sent went to their children, who received it.
  moved.to_client = CounterOf(costs.back().service, "bytes_sent");
  moved.to_kernel = CounterOf(costs.back().fuse, "read_bytes");
  return moved;
}

MovedBytes MovedBytesBetween(const MovedBytes& before, const MovedBytes& after) {
  return {.from_backing = after.from_backing - before.from_backing,
          .over_hops = after.over_hops - before.over_hops,
          .to_client = after.to_client - before.to_client,
          .to_kernel = after.to_kernel - before.to_kernel};
}

std::optional<double> CopiesPerByte(const MovedBytes& moved, uint64_t given_bytes) {
  if (given_bytes == 0) return std::nullopt;
  const uint64_t copied = kCopiesFromBacking * moved.from_backing +
                          kCopiesOfMessage * (moved.over_hops + moved.to_client) +
                          kCopiesToKernel * moved.to_kernel;
  return static_cast<double>(copied) / static_cast<double>(given_bytes);
}

std::vector<Count> CopyCounts(const MovedBytes& moved, uint64_t given_bytes) {
  const std::optional<double> copies = CopiesPerByte(moved, given_bytes);
  if (!copies.has_value()) return {};
  return {{"copies", *copies}};
}

}  // namespace coppice
