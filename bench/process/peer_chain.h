// A chain of real peer_server processes on this machine: node0 is the root and reads the backing
// file system, each other one asks the one before it, over TCP on loopback. The root stays, so that
// it can be hot while those below it are started anew, with empty caches. Not thread-safe.
#ifndef COPPICE_BENCH_PROCESS_PEER_CHAIN_H_
#define COPPICE_BENCH_PROCESS_PEER_CHAIN_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/bench_context.h"
#include "bench/process/server_process.h"
#include "bench/scratch_directory.h"

namespace coppice {

struct PeerChainOptions {
  // The program.
  std::string peer_server;
  std::string export_root;
  // As long as it may become.
  size_t nodes_max = 1;
  // Further flags of each peer.
  std::vector<std::string> flags;
};

class PeerChain {
 public:
  // Starts the root.
  static absl::StatusOr<std::unique_ptr<PeerChain>> Start(PeerChainOptions options,
                                                          const BenchContext& context);

  // Ends all but the root, and starts others until there are `nodes`. REQUIRES: 0 < nodes <=
  // nodes_max.
  absl::Status Renew(size_t nodes);
  // The same for the root as well.
  absl::Status RenewAll(size_t nodes);

  // Of the last node: where children reach it, and its unix socket.
  const std::string& address() const { return addresses_[peers_.size() - 1]; }
  std::string socket() const { return SocketOf(peers_.size() - 1); }
  std::string SocketOf(size_t node) const;
  // From the root on.
  std::vector<pid_t> pids() const;

 private:
  PeerChain(PeerChainOptions options, const BenchContext& context, ScratchDirectory directory);

  absl::Status WriteTree();
  absl::Status StartNext();

  const PeerChainOptions options_;
  const BenchContext context_;
  // Sockets, logs and the tree file. Outlives the peers.
  const ScratchDirectory directory_;
  std::vector<std::string> addresses_;
  std::vector<ServerProcess> peers_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_PROCESS_PEER_CHAIN_H_
