// Node: a whole peer. Opens what lies below (its parent in each tree, or the backing file system
// where it is the root), assembles the stack, and serves it.
#ifndef COPPICE_PEER_SERVER_NODE_H_
#define COPPICE_PEER_SERVER_NODE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "peer_server/cache_stack.h"
#include "peer_server/roster.h"
#include "tree_builder/tree_place.h"

namespace coppice {

struct NodeOptions {
  // Of this node in each tree, by tree; at least one.
  std::vector<TreePlace> places;
  // All members of the job. Null: this node is alone.
  std::shared_ptr<const Roster> roster;
  // Where these come from: tells this job from others, for a stop. Empty: this node is alone.
  std::string tree_file;
  std::string export_root = "/";
  std::string unix_socket;  // absolute path; empty: none
  // Each "host:port", for the children; empty: none.
  std::vector<std::string> listen_addresses;
  CacheStackOptions stack;
  size_t backing_threads = 16;                      // at a root
  absl::Duration hop_timeout = absl::Seconds(30);   // of one request to the parent
  absl::Duration stop_timeout = absl::Seconds(30);  // of a stop, when its caller has more time
  // The job was stopped by the tree, and this node's answer is out: shut it down. Runs at most
  // once, on any thread, and must not block.
  std::function<void()> on_stopped = [] {};
};

class Node {
 public:
  virtual ~Node() = default;

  // Where children connect, with the port that was taken for port 0, and with commas between
  // several; empty when nowhere.
  virtual const std::string& tcp_address() const = 0;

  // Tells the mounts and the callers that it goes, waits `grace` for calls in flight, and returns
  // when nothing runs any more. Call it once, before the destructor.
  virtual void Shutdown(absl::Duration grace) = 0;
};

// INVALID_ARGUMENT, or the errno of what could not be opened, naming it.
absl::StatusOr<std::unique_ptr<Node>> StartNode(const NodeOptions& options);

// The place of a node that is alone: root and only member of one tree.
std::vector<TreePlace> AlonePlaces(const std::string& name);

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_NODE_H_
