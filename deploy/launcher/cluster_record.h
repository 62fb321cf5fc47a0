// A service on many hosts, as it is written down for stop on the file system that they share: a
// value and its text (JSON). Pure, thread-safe.
#ifndef COPPICE_DEPLOY_LAUNCHER_CLUSTER_RECORD_H_
#define COPPICE_DEPLOY_LAUNCHER_CLUSTER_RECORD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "deploy/process_identity.h"

namespace coppice {

struct ClusterRecord {
  // All on which something may run.
  std::vector<std::string> hosts;
  // "ssh", ...; and the number of the Slurm job when there is one.
  std::string launcher;
  std::string slurm_job;
  // As JobName says; empty outside of a batch system.
  std::string job;
  // What runs on the nodes, with its argument.
  std::string node_program;
  std::string node_job;
  // Processes of a tool that stays, and the machine that they run on.
  std::string tool_host;
  std::vector<ProcessIdentity> tools;

  bool operator==(const ClusterRecord&) const = default;
};

// The names of the files in a state directory.
inline constexpr absl::string_view kClusterTreeFile = "tree";  // and "-" and the time
inline constexpr absl::string_view kClusterRecordFile = "cluster.json";
// Of the hosts that a tool is sent to, one a line.
inline constexpr absl::string_view kClusterHostFile = "hosts";

std::string ClusterRecordText(const ClusterRecord& record);

// INVALID_ARGUMENT for text that ClusterRecordText cannot have made.
absl::StatusOr<ClusterRecord> ParseClusterRecord(absl::string_view text);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_CLUSTER_RECORD_H_
