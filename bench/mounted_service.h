// The product as it is launched, for a benchmark: N nodes of this machine in a tree (a chain,
// unless told otherwise), each with its peer_server and its mount, under a name and in directories
// of its own, so that it never meets a service of the user's. It ends with its owner, also when
// that fails, is interrupted or is killed. Programs that use it need //fuse_client and
// //peer_server as data.
//
// Not thread-safe; start from the main thread.
#ifndef COPPICE_BENCH_MOUNTED_SERVICE_H_
#define COPPICE_BENCH_MOUNTED_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/bench_context.h"
#include "bench/mounted_program.h"
#include "bench/node_costs.h"

namespace coppice {

struct MountedServiceOptions {
  size_t nodes = 1;
  // 1: a chain, in which the last node is furthest from the root.
  uint32_t fanout = 1;
  std::string export_root = "/";
  // Further flags.
  std::vector<std::string> peer_flags;
  std::vector<std::string> client_flags;
};

class MountedService {
 public:
  // Returns when every mount is proven to serve.
  static absl::StatusOr<std::unique_ptr<MountedService>> Start(const MountedServiceOptions& options,
                                                               const BenchContext& context);

  virtual ~MountedService() = default;  // Stops it.

  // The root first, the last of a chain last.
  virtual const std::vector<NodeHandle>& nodes() const = 0;
  const NodeHandle& last() const { return nodes().back(); }

  // Where the logs are, one directory for each node.
  virtual const std::string& state_path() const = 0;

  // Another mount of the same peer, with cold kernel caches and a cold client over warm caches of
  // the peer: what a node has after its client was restarted. `node` becomes how to ask for its
  // costs.
  virtual absl::StatusOr<std::unique_ptr<MountedProgram>> MountAgain(size_t node,
                                                                     NodeHandle& handle) = 0;

  // The costs so far of all nodes, in their order.
  virtual absl::StatusOr<std::vector<NodeCosts>> ReadCosts() const = 0;

  virtual absl::Status Stop() = 0;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_MOUNTED_SERVICE_H_
