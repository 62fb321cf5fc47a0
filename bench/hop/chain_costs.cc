#include "bench/hop/chain_costs.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/copy_count.h"

namespace coppice {
namespace {

constexpr absl::Duration kCostsMax = absl::Seconds(20);

absl::StatusOr<std::vector<NodeCosts>> ReadChainCosts(const PeerChain& peers,
                                                      const std::optional<ChainMount>& mount,
                                                      const BenchContext& context) {
  std::vector<NodeCosts> costs;
  const std::vector<pid_t> pids = peers.pids();
  for (size_t i = 0; i < pids.size(); ++i) {
    NodeHandle node = {.name = absl::StrCat("node ", i, " of the chain"),
                       .socket = peers.SocketOf(i),
                       .peer_pid = pids[i]};
    const bool has_mount = mount.has_value() && i + 1 == pids.size();
    if (has_mount) {
      node.mount_point = mount->mount_point;
      node.client_pid = mount->client_pid;
    }
    const WaitLimits limits = context.Limits(kCostsMax);
    auto read = has_mount ? ReadNodeCosts(node, limits) : ReadPeerCosts(node, limits);
    if (!read.ok()) return read.status();
    costs.push_back(*std::move(read));
  }
  return costs;
}

std::vector<Count> MountCounts(const NodeCosts& last) {
  std::vector<Count> counts = {
      {"FUSE requests", static_cast<double>(FuseRequestsBesideIoctl(last.fuse))}};
  AppendCounts(FuseCounts(last.fuse), counts);
  if (const auto given = last.fuse.find("files_given"); given != last.fuse.end()) {
    counts.push_back({"files given ahead", static_cast<double>(given->second)});
  }
  counts.push_back({"RPCs to peer", static_cast<double>(CallsIn(last.service))});
  counts.push_back({"RPCs to parent", static_cast<double>(CallsIn(last.parent))});
  counts.push_back({"messages with parent", static_cast<double>(MessagesIn(last.parent))});
  return counts;
}

}  // namespace

absl::StatusOr<absl::Duration> MeasureChain(const PeerChain& peers,
                                            const std::optional<ChainMount>& mount,
                                            const Workload& workload,
                                            const std::function<absl::Status()>& work,
                                            CostedRun& run, const BenchContext& context) {
  std::vector<pid_t> pids = peers.pids();
  if (mount.has_value()) pids.push_back(mount->client_pid);
  const auto before = ReadChainCosts(peers, mount, context);
  if (!before.ok()) return before.status();
  auto elapsed = run.Measure(pids, work);
  if (!elapsed.ok()) return elapsed;
  const auto after = ReadChainCosts(peers, mount, context);
  if (!after.ok()) return after.status();
  run.SetCounts(ChainCounts(*before, *after, workload, mount.has_value()));
  return elapsed;
}

std::vector<Count> ChainCounts(const std::vector<NodeCosts>& before,
                               const std::vector<NodeCosts>& after, const Workload& workload,
                               bool has_mount) {
  std::vector<NodeCosts> spent;
  for (size_t i = 0; i < after.size(); ++i) spent.push_back(CostsBetween(before[i], after[i]));
  const MovedBytes moved = MovedBytesOf(spent);
  std::vector<Count> counts;
  if (has_mount) counts = MountCounts(spent.back());
  // From a mount to its peer there is no TCP.
  const uint64_t bytes = has_mount ? moved.over_hops : moved.over_hops + moved.to_client;
  const size_t hops = has_mount ? spent.size() - 1 : spent.size();
  if (hops > 0) {
    counts.push_back(
        {"bytes per hop", static_cast<double>(bytes) / static_cast<double>(hops), Unit::kBytes});
  }
  if (workload.files == 0) {
    AppendCounts(CopyCounts(moved, workload.bytes), counts);
  }
  return counts;
}

}  // namespace coppice
