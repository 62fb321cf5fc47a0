// Asks a peer for its counters, over its unix socket (proto/inspection.proto). Plain values out, so
// that only this file's .cc knows gRPC. Blocks, at most to the deadline. Thread-safe.
#ifndef COPPICE_DEPLOY_INSPECTION_CLIENT_H_
#define COPPICE_DEPLOY_INSPECTION_CLIENT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace coppice {

using Counters = std::map<std::string, uint64_t>;

struct MountCounters {
  std::string mount_point;
  // FUSE requests by kind, and "read_bytes".
  Counters counters;
};

struct PeerStatistics {
  std::string node;
  // By layer: "backing", "prefetching", ...
  std::map<std::string, Counters> layers;
  // One for each mount that is attached to the peer.
  std::vector<MountCounters> mounts;
};

// The error names the socket.
absl::StatusOr<PeerStatistics> AskPeerStatistics(const std::string& socket, absl::Time deadline);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_INSPECTION_CLIENT_H_
