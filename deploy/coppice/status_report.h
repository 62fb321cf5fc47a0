// Whether the services of this machine are well: what status says, as values, a table and JSON.
// Asking blocks for at most kAnswerMax a node; a mount that hangs is not touched. Thread-safe.
#ifndef COPPICE_DEPLOY_COPPICE_STATUS_REPORT_H_
#define COPPICE_DEPLOY_COPPICE_STATUS_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "deploy/coppice/running_services.h"
#include "nlohmann/json_fwd.hpp"

namespace coppice {

struct NodeStatus {
  std::string service;
  std::string node;
  std::string mount;
  size_t processes_alive = 0;
  size_t processes = 0;
  // Of a node with a mount namespace of its own: not to be seen from here, so taken to be there.
  bool mounted = false;
  bool answers = false;
  // FUSE requests of its mounts, and memory of its block cache.
  uint64_t requests = 0;
  uint64_t cache_bytes = 0;
  // What is not well, in words; empty: all is.
  std::string problem;
};

struct StatusReport {
  std::vector<NodeStatus> nodes;
  // Of services whose state could not be read: "NAME: why".
  std::vector<std::string> problems;

  bool empty() const { return nodes.empty() && problems.empty(); }
  bool well() const;
};

StatusReport AskStatus(const std::vector<RunningService>& services);

std::string StatusTable(const StatusReport& report);
nlohmann::ordered_json StatusJson(const StatusReport& report);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_COPPICE_STATUS_REPORT_H_
