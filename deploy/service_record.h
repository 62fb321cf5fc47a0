// What a service that runs on this machine consists of, as it is written down for stop: a value and
// its text (JSON). Thread-compatible.
#ifndef COPPICE_DEPLOY_SERVICE_RECORD_H_
#define COPPICE_DEPLOY_SERVICE_RECORD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "deploy/process_identity.h"

namespace coppice {

struct NodeRecord {
  std::string name;
  // Where children reach its peer, "host:port".
  std::string address;
  // Where its client and inspection reach it.
  std::string socket;
  std::string mount_point;

  bool operator==(const NodeRecord&) const = default;
};

enum class ProcessRole {
  kClient,
  kPeer,
  // PID 1 of a node with namespaces of its own: ending it ends all that is in it.
  kNode,
  // What starts the node's programs, and then ends or stays with them; ends them when it is told to
  // end.
  kStarter,
};

struct ProcessRecord {
  std::string node;
  ProcessRole role = ProcessRole::kPeer;
  ProcessIdentity identity;

  bool operator==(const ProcessRecord&) const = default;
};

struct ServiceRecord {
  // In the order of the tree: the root first.
  std::vector<NodeRecord> nodes;
  std::vector<ProcessRecord> processes;
  // Made for the mounts, outermost first.
  std::vector<std::string> made_directories;
  // The nodes have namespaces of their own: their mounts are not to be seen from here.
  bool mounts_are_private = false;

  bool operator==(const ServiceRecord&) const = default;
};

// The name of the file in a state directory.
inline constexpr absl::string_view kServiceRecordFile = "service.json";

// "peer_server", "fuse_client", "node" or "coppice_node".
absl::string_view RoleName(ProcessRole role);

std::string ServiceRecordText(const ServiceRecord& record);

// INVALID_ARGUMENT for text that ServiceRecordText cannot have made.
absl::StatusOr<ServiceRecord> ParseServiceRecord(absl::string_view text);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_SERVICE_RECORD_H_
