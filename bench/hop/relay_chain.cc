#include "bench/hop/relay_chain.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "deploy/free_ports.h"

namespace coppice {

absl::StatusOr<RelayChain> RelayChain::Start(const RelayChainOptions& options,
                                             const BenchContext& context) {
  RelayChain chain;
  chain.address_ = options.origin;
  if (options.hops == 0) return chain;
  const auto ports = FindFreePorts(options.hops);
  if (!ports.ok()) return ports.status();
  for (const uint16_t port : *ports) {
    std::vector<std::string> arguments = {options.relay,
                                          absl::StrCat("--protocol=", options.protocol),
                                          absl::StrCat("--port=", port)};
    if (!chain.address_.empty()) arguments.push_back(absl::StrCat("--next=", chain.address_));
    absl::StatusOr<ServerProcess> process = ServerProcess::Start(
        absl::StrCat(options.protocol, " relay"), std::move(arguments), options.log_file, context);
    if (!process.ok()) return process.status();
    chain.processes_.push_back(*std::move(process));
    chain.address_ = absl::StrCat("127.0.0.1:", port);
  }
  return chain;
}

std::vector<pid_t> RelayChain::pids() const {
  std::vector<pid_t> pids;
  for (const ServerProcess& process : processes_) pids.push_back(process.pid());
  return pids;
}

}  // namespace coppice
