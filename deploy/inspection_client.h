// Asks a peer what proto/inspection.proto offers: its counters, its place in the tree, and that the
// tree forgets a path. Plain values out, so that only this file's .cc knows gRPC. A peer is named
// by its unix socket or its "host:port": what starts with a '/' is a socket. Blocks, at most to the
// deadline; a peer that is late to take the connection is waited for as said below, one that is not
// there is an error at once. Thread-safe.
#ifndef COPPICE_DEPLOY_INSPECTION_CLIENT_H_
#define COPPICE_DEPLOY_INSPECTION_CLIENT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace coppice {

// For a peer to take the connection: whoever asks many peers, one after the other, should not wait
// long for each that is suspended or gone. That a path is forgotten is waited for to the deadline,
// kPatientConnectMax (rpc/peer_channels.h) at most.
inline constexpr absl::Duration kInspectionConnectMax = absl::Seconds(1);

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

// Each error names the peer.
absl::StatusOr<PeerStatistics> AskPeerStatistics(const std::string& peer, absl::Time deadline);

struct PeerNeighbour {
  std::string node;
  std::string address;
  // Of the channel to it: "READY", "NONE", ...
  std::string channel;
};

struct PeerPlaceInTree {
  // 0 for the root.
  uint32_t depth = 0;
  // From the parent up to the root; empty for the root.
  std::vector<PeerNeighbour> ancestors;
  std::vector<PeerNeighbour> children;
};

struct PeerPlace {
  std::string node;
  uint32_t tree_size = 0;
  uint32_t fanout = 0;
  std::string tcp_address;
  // Absolute.
  std::string export_root;
  // By tree; at least one.
  std::vector<PeerPlaceInTree> trees;
};

absl::StatusOr<PeerPlace> AskPeerPlace(const std::string& peer, absl::Time deadline);

struct Forgotten {
  uint32_t nodes = 0;
  uint32_t mounts = 0;
  // One line for each peer or mount that could not be reached.
  std::vector<std::string> failures;
};

// `path` is relative to the export root.
absl::StatusOr<Forgotten> AskToForget(const std::string& peer, const std::string& path,
                                      bool recursive, absl::Time deadline);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_INSPECTION_CLIENT_H_
