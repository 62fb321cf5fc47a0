#include "bench/node_costs.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr absl::Duration kStatisticsMax = absl::Seconds(20);

// Of the service and of the parent layer; the same calls under the names of each.
constexpr std::array<absl::string_view, 11> kCalls = {"get_attr",
                                                      "read_dir_plus",
                                                      "read_link",
                                                      "read",
                                                      "seek",
                                                      "fs_stat",
                                                      "get_attributes",
                                                      "read_directory",
                                                      "read_block",
                                                      "find_extent",
                                                      "get_file_system_statistics"};

// Requests are named in capitals; other counters, like read_bytes, are not.
bool IsRequest(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char character) {
    return std::isupper(character) || character == '_';
  });
}

Counters LayerOf(const PeerStatistics& peer, const std::string& layer) {
  const auto found = peer.layers.find(layer);
  return found == peer.layers.end() ? Counters() : found->second;
}

absl::StatusOr<PeerStatistics> AskStatistics(const NodeHandle& node, const WaitLimits& limits) {
  auto statistics =
      AskPeerStatistics(node.socket, std::min(limits.deadline, absl::Now() + kStatisticsMax));
  if (!statistics.ok()) return Annotate(statistics.status(), node.name);
  return statistics;
}

absl::StatusOr<NodeCosts> CostsOfPeer(const NodeHandle& node, const PeerStatistics& statistics) {
  NodeCosts costs = {.service = LayerOf(statistics, "service"),
                     .parent = LayerOf(statistics, "parent"),
                     .backing = LayerOf(statistics, "backing")};
  const auto peer = ReadProcessCosts(node.peer_pid);
  if (!peer.ok()) return Annotate(peer.status(), absl::StrCat(node.name, ": peer_server"));
  costs.peer = *peer;
  return costs;
}

}  // namespace

absl::StatusOr<NodeCosts> ReadPeerCosts(const NodeHandle& node, const WaitLimits& limits) {
  const auto statistics = AskStatistics(node, limits);
  if (!statistics.ok()) return statistics.status();
  return CostsOfPeer(node, *statistics);
}

absl::StatusOr<NodeCosts> ReadNodeCosts(const NodeHandle& node, const WaitLimits& limits) {
  const auto statistics = AskStatistics(node, limits);
  if (!statistics.ok()) return statistics.status();
  const auto mount =
      std::find_if(statistics->mounts.begin(), statistics->mounts.end(),
                   [&](const MountCounters& each) { return each.mount_point == node.mount_point; });
  if (mount == statistics->mounts.end()) {
    return absl::NotFoundError(
        absl::StrCat(node.name, ": no mount at '", node.mount_point, "' reports to its peer"));
  }
  auto costs = CostsOfPeer(node, *statistics);
  if (!costs.ok()) return costs.status();
  costs->fuse = mount->counters;
  const auto client = ReadProcessCosts(node.client_pid);
  if (!client.ok()) return Annotate(client.status(), absl::StrCat(node.name, ": fuse_client"));
  costs->client = *client;
  return costs;
}

Counters CountersBetween(const Counters& before, const Counters& after) {
  Counters between;
  for (const auto& [name, value] : after) {
    between[name] = value - std::min(value, CounterOf(before, name));
  }
  return between;
}

NodeCosts CostsBetween(const NodeCosts& before, const NodeCosts& after) {
  return {.fuse = CountersBetween(before.fuse, after.fuse),
          .service = CountersBetween(before.service, after.service),
          .parent = CountersBetween(before.parent, after.parent),
          .backing = CountersBetween(before.backing, after.backing),
          .peer = CostsBetween(before.peer, after.peer),
          .client = CostsBetween(before.client, after.client)};
}

uint64_t CallsIn(const Counters& counters) {
  uint64_t sum = 0;
  for (const absl::string_view call : kCalls) sum += CounterOf(counters, std::string(call));
  return sum;
}

uint64_t MessagesIn(const Counters& counters) {
  return CounterOf(counters, "messages_sent") + CounterOf(counters, "messages_received");
}

uint64_t CounterOf(const Counters& counters, const std::string& name) {
  const auto found = counters.find(name);
  return found == counters.end() ? 0 : found->second;
}

std::vector<Count> FuseCounts(const Counters& fuse) {
  std::vector<Count> counts;
  for (const auto& [name, value] : fuse) {
    if (IsRequest(name) && value != 0) counts.push_back({name, static_cast<double>(value)});
  }
  return counts;
}

std::vector<Count> ProcessorCounts(const NodeCosts& spent) {
  return {{"client CPU", absl::ToDoubleSeconds(spent.client.cpu), Unit::kSeconds},
          {"peer CPU", absl::ToDoubleSeconds(spent.peer.cpu), Unit::kSeconds}};
}

uint64_t FuseRequestsBesideIoctl(const Counters& fuse) {
  uint64_t sum = 0;
  for (const auto& [name, value] : fuse) {
    if (IsRequest(name) && name != "IOCTL") sum += value;
  }
  return sum;
}

}  // namespace coppice
