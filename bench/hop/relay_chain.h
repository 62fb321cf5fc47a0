// A chain of relay processes (relay.cc): an origin, which has the bytes in memory, and relays
// behind it, each a hop. What peers are compared with. Not thread-safe.
#ifndef COPPICE_BENCH_HOP_RELAY_CHAIN_H_
#define COPPICE_BENCH_HOP_RELAY_CHAIN_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/bench_context.h"
#include "bench/process/server_process.h"

namespace coppice {

struct RelayChainOptions {
  // The program.
  std::string relay;
  // "tcp" or "grpc".
  std::string protocol;
  // Processes.
  size_t hops = 1;
  // "127.0.0.1:PORT": all are relays, the first of them to there. Empty: the first is an origin.
  std::string origin;
  std::string log_file;
};

class RelayChain {
 public:
  static absl::StatusOr<RelayChain> Start(const RelayChainOptions& options,
                                          const BenchContext& context);

  // Where a client connects; of no processes, the origin.
  const std::string& address() const { return address_; }
  std::vector<pid_t> pids() const;

 private:
  std::string address_;
  std::vector<ServerProcess> processes_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_RELAY_CHAIN_H_
