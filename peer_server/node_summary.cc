#include "peer_server/node_summary.h"

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/match.h"

namespace coppice {
namespace {

uint64_t SumOf(const LayerStatistics& layer, std::initializer_list<const char*> counters) {
  uint64_t sum = 0;
  for (const char* counter : counters) {
    const auto found = layer.counters.find(counter);
    if (found != layer.counters.end()) sum += found->second;
  }
  return sum;
}

void AddParent(const LayerStatistics& layer, v1::NodeSummary& summary) {
  summary.set_bytes_received(summary.bytes_received() + SumOf(layer, {"bytes_received"}));
  summary.set_requests_sent(
      summary.requests_sent() +
      SumOf(layer, {"get_attributes", "read_directory", "read_block", "load_block", "find_extent",
                    "get_file_system_statistics"}));
}

void AddLayer(const LayerStatistics& layer, v1::NodeSummary& summary) {
  if (layer.layer == "backing") {
    summary.set_backing_opens(SumOf(layer, {"opens"}));
    summary.set_backing_reads(SumOf(layer, {"reads"}));
    summary.set_backing_bytes(SumOf(layer, {"bytes"}));
    summary.set_backing_lstats(SumOf(layer, {"lstats"}));
    summary.set_backing_readdirs(SumOf(layer, {"readdirs"}));
  } else if (layer.layer == "service") {
    summary.set_bytes_sent(SumOf(layer, {"bytes_sent"}));
    summary.set_requests_served(
        SumOf(layer, {"get_attr", "read_dir_plus", "read_link", "read", "seek", "fs_stat"}));
    summary.set_errors(SumOf(layer, {"errors"}));
  } else if (layer.layer == "block_cache") {
    summary.set_cache_hits(SumOf(layer, {"hits"}));
    summary.set_cache_misses(SumOf(layer, {"misses"}));
    summary.set_cache_bytes(SumOf(layer, {"bytes"}));
  } else if (layer.layer == "parent" || absl::StartsWith(layer.layer, "parent_")) {
    AddParent(layer, summary);
  }
}

}  // namespace

v1::NodeSummary SummaryOf(const std::vector<LayerStatistics>& layers,
                          const std::vector<MountCounters>& mounts) {
  v1::NodeSummary summary;
  for (const LayerStatistics& layer : layers) AddLayer(layer, summary);
  summary.set_mounts(static_cast<uint32_t>(mounts.size()));
  for (const MountCounters& mount : mounts) {
    for (const auto& [name, value] : mount.counters) {
      if (name == "read_bytes") {
        summary.set_mount_read_bytes(summary.mount_read_bytes() + value);
      } else if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') {  // "LOOKUP", "READ", ...
        summary.set_mount_requests(summary.mount_requests() + value);
      }
    }
  }
  return summary;
}

}  // namespace coppice
