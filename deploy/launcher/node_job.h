// What a node is told when it takes part in a service: a value, and its text, which fits into one
// word of a command line. Whatever tool carries the command to the nodes carries the job with it,
// so that nothing needs to be copied there; the tree file and the programs alone are read from a
// file system that all nodes share.
//
// The text is JSON in base64 without padding (RFC 4648, section 5): no shell, and none of the tools
// that replace '%' or '{}' in commands, sees anything in it. Pure, thread-safe.
#ifndef COPPICE_DEPLOY_LAUNCHER_NODE_JOB_H_
#define COPPICE_DEPLOY_LAUNCHER_NODE_JOB_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace coppice {

struct NodeJob {
  // Names the service on each node, as StateDirectory wants it.
  std::string service;
  // On the shared file system; absolute. Who starts makes sure to the end that it is still there:
  // a stop takes it away.
  std::string tree_file;
  // On each node's own disk: sockets, logs, and what stop must know.
  std::string node_root;
  std::string mount;
  std::string peer_server;
  std::string fuse_client;
  std::vector<std::string> peer_flags;
  std::vector<std::string> client_flags;
  // The CPUs that the programs are kept on, as CpuBinding takes them; empty: all.
  std::string cpus;
  // A recording that is replayed through the mount before the node counts as warm, on the shared
  // file system, and the program that does it; empty: none.
  std::string recording;
  std::string warm;
  // For one node to start, proof and warming included, or to stop.
  absl::Duration timeout = absl::Seconds(60);
  // The tool ends what it started when it ends itself: whoever starts a node stays until the
  // service ends.
  bool stay = false;

  bool operator==(const NodeJob&) const = default;
};

std::string NodeJobText(const NodeJob& job);

// INVALID_ARGUMENT for what NodeJobText cannot have made.
absl::StatusOr<NodeJob> ParseNodeJob(absl::string_view text);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_NODE_JOB_H_
