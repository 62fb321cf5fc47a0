// The network of a set of nodes: an Ethernet switch in a namespace of its own, with a cable to
// each. Driven by ip(8) of iproute2. Not thread-safe.
#ifndef COPPICE_DEPLOY_NODE_NETWORK_H_
#define COPPICE_DEPLOY_NODE_NETWORK_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "deploy/descriptor_wait.h"
#include "deploy/node_namespace.h"

namespace coppice {

// 10.77.0.0/16 has room for them.
inline constexpr size_t kNodesOnNetworkMax = 64'000;

// The address of the node with this index: 10.77.0.1 for the first. REQUIRES: below the maximum.
std::string NodeAddress(size_t index);

class NodeNetwork {
 public:
  // Plugs each node's eth0 into the switch, with its NodeAddress. What ip says goes to `log_file`.
  static absl::StatusOr<NodeNetwork> Connect(const std::vector<NodeNamespace>& nodes,
                                             const std::string& log_file, const WaitLimits& limits);

 private:
  explicit NodeNetwork(NodeNamespace switch_node) : switch_(std::move(switch_node)) {}

  NodeNamespace switch_;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_NODE_NETWORK_H_
