#include "deploy/coppice/status_report.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "deploy/inspection_client.h"
#include "deploy/mount_table.h"
#include "deploy/process_identity.h"
#include "deploy/table.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

// Requests by kind have names in capitals; the other counters are sums of other things.
uint64_t RequestsOf(const PeerStatistics& peer) {
  uint64_t requests = 0;
  for (const MountCounters& mount : peer.mounts) {
    for (const auto& [name, count] : mount.counters) {
      if (!name.empty() && absl::ascii_isupper(name.front())) requests += count;
    }
  }
  return requests;
}

uint64_t CacheBytesOf(const PeerStatistics& peer) {
  const auto layer = peer.layers.find("block_cache");
  if (layer == peer.layers.end()) return 0;
  const auto counter = layer->second.find("bytes");
  return counter == layer->second.end() ? 0 : counter->second;
}

NodeStatus AskNode(const RunningService& service, const NodeRecord& node) {
  NodeStatus status = {.service = service.name, .node = node.name, .mount = node.mount_point};
  std::vector<std::string> problems;
  for (const ProcessRecord& process : service.record.processes) {
    if (process.node != node.name) continue;
    const bool alive = OpenProcess(process.identity).ok();
    // It ends when the others run, unless the tool that brought it would end them then.
    if (process.role == ProcessRole::kStarter && !alive) continue;
    ++status.processes;
    if (alive) {
      ++status.processes_alive;
    } else {
      problems.push_back(absl::StrCat(RoleName(process.role), " is gone"));
    }
  }
  if (status.processes == 0) problems.push_back("no process was started");
  const auto type = MountTypeAt(node.mount_point);
  status.mounted = service.record.mounts_are_private || (type.ok() && *type == kCoppiceMountType);
  if (!status.mounted) problems.push_back("nothing is mounted");
  const auto peer = AskPeerStatistics(node.socket, absl::Now() + kAnswerMax);
  status.answers = peer.ok();
  if (peer.ok()) {
    status.requests = RequestsOf(*peer);
    status.cache_bytes = CacheBytesOf(*peer);
  } else {
    problems.push_back("the peer does not answer");
  }
  status.problem = absl::StrJoin(problems, ", ");
  return status;
}

}  // namespace

bool StatusReport::well() const {
  return problems.empty() && std::all_of(nodes.begin(), nodes.end(), [](const NodeStatus& node) {
           return node.problem.empty();
         });
}

StatusReport AskStatus(const std::vector<RunningService>& services) {
  StatusReport report;
  for (const RunningService& service : services) {
    if (!service.error.ok()) {
      report.problems.push_back(absl::StrCat(service.name, ": ", service.error.message()));
    } else if (service.record.nodes.empty()) {
      report.problems.push_back(absl::StrCat(service.name, ": no node of it was started"));
    }
    for (const NodeRecord& node : service.record.nodes) {
      report.nodes.push_back(AskNode(service, node));
    }
  }
  return report;
}

std::string StatusTable(const StatusReport& report) {
  std::string text;
  if (!report.nodes.empty()) {
    Table table(
        {"service", "node", "mount", "processes", "mounted", "peer", "requests", "cache", "state"},
        /*align_left=*/true);
    for (const NodeStatus& node : report.nodes) {
      table.AddRow({node.service, node.node, node.mount,
                    absl::StrCat(node.processes_alive, "/", node.processes),
                    node.mounted ? "yes" : "no", node.answers ? "answers" : "silent",
                    node.answers ? FormatCount(node.requests) : "-",
                    node.answers ? FormatBytes(node.cache_bytes) : "-",
                    node.problem.empty() ? "well" : node.problem});
    }
    text = table.Text();
  }
  for (const std::string& problem : report.problems) absl::StrAppend(&text, problem, "\n");
  return text;
}

nlohmann::ordered_json StatusJson(const StatusReport& report) {
  nlohmann::ordered_json nodes = nlohmann::ordered_json::array();
  for (const NodeStatus& node : report.nodes) {
    nodes.push_back({{"service", node.service},
                     {"node", node.node},
                     {"mount", node.mount},
                     {"processes", node.processes},
                     {"processes_alive", node.processes_alive},
                     {"mounted", node.mounted},
                     {"answers", node.answers},
                     {"requests", node.requests},
                     {"cache_bytes", node.cache_bytes},
                     {"problem", node.problem}});
  }
  return {{"well", report.well()}, {"nodes", nodes}, {"problems", report.problems}};
}

}  // namespace coppice
