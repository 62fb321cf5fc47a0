// How a service on many hosts is, as the root of its tree 0 knows it: what status says of it, as a
// value and as text. Where the service runs is read from its directory, which its hosts share, so
// that any machine that has the directory can ask.
//
// Not what the processes on this machine are (status_report.h). Asking blocks for at most
// kRootAnswerMax a service. Thread-safe: functions.
#ifndef COPPICE_DEPLOY_COPPICE_CLUSTER_STATUS_H_
#define COPPICE_DEPLOY_COPPICE_CLUSTER_STATUS_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "nlohmann/json_fwd.hpp"
#include "proto/inspection.pb.h"

namespace coppice {

// How long the root may take to answer before it counts as one that does not.
inline constexpr absl::Duration kRootAnswerMax = absl::Seconds(5);

struct ClusterStatus {
  std::string service;
  // "ssh", ...
  std::string launcher;
  // All on which something may run, and the same as a folded host expression.
  size_t host_count = 0;
  std::string hosts;
  // Who is asked: its name and its address; empty when the tree file could not be read.
  std::string root;
  std::string address;
  // Why there is no answer.
  absl::Status asked;
  v1::GetReadinessReply readiness;

  // Every node is proven, and nothing is wrong with any.
  bool well() const;
};

struct ClusterChoice {
  // Of launches on hosts.
  std::string state_root;
  // Empty: all, but those of other jobs when we are in one.
  std::string service;
  // As JobName says of where we are.
  std::string job;
};

// Asks the peer at an address, without waiting for anything; errors name the address. `tree_file`
// is of the service: a peer of another job refuses.
using AskReadiness = std::function<absl::StatusOr<v1::GetReadinessReply>(
    const std::string& address, const std::string& tree_file)>;

// The address of a peer of a service on hosts, by which any machine that reaches them can ask it:
// that of `node`, or of the root when it is empty. NOT_FOUND when there is none.
absl::StatusOr<std::string> FindPeerOnHosts(const ClusterChoice& choice, const std::string& node);

// Over the network, at most for kRootAnswerMax.
absl::StatusOr<v1::GetReadinessReply> AskRoot(const std::string& address,
                                              const std::string& tree_file);

// Sorted by name; none where nothing was launched on hosts, or the directory cannot be read.
std::vector<ClusterStatus> AskClusters(const ClusterChoice& choice,
                                       const AskReadiness& ask = AskRoot);

std::string ClusterStatusText(const ClusterStatus& status);
nlohmann::ordered_json ClusterStatusJson(const ClusterStatus& status);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_COPPICE_CLUSTER_STATUS_H_
