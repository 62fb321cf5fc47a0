// A process of a chain to compare with: an origin that sends bytes from memory, or a relay on the
// way to it. Started by bench:hop; runs until it is ended.
#include <csignal>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "bench/hop/grpc_relay.h"
#include "bench/hop/tcp_relay.h"
#include "bench/hop/tcp_socket.h"
#include "common/process_tuning.h"
#include "common/ready_signal.h"
#include "common/termination.h"

namespace coppice {
namespace {

constexpr int kUsageExitCode = 2;

struct RelayFlags {
  std::string protocol;
  std::string next;
  uint16_t port = 0;
  int ready_fd = -1;
};

absl::Status SayReady(const RelayFlags& flags) { return SignalReady(flags.ready_fd); }

absl::Status RunTcp(const RelayFlags& flags) {
  const absl::StatusOr<TcpListener> listener = ListenTcp(flags.port);
  if (!listener.ok()) return listener.status();
  if (absl::Status said = SayReady(flags); !said.ok()) return said;
  return ServeTcp(*listener, flags.next);
}

absl::Status RunGrpc(const RelayFlags& flags) {
  const absl::StatusOr<std::unique_ptr<RawServer>> server = StartRawServer(flags.port, flags.next);
  if (!server.ok()) return server.status();
  if (absl::Status said = SayReady(flags); !said.ok()) return said;
  AwaitTerminationSignal();
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  // What helps our own processes helps this one as well.
  TuneProcess();
  RelayFlags flags;
  CLI::App app("Sends bytes, or passes them on: a process of bench:hop.", "relay");
  app.add_option("--protocol", flags.protocol, "tcp or grpc.")
      ->required()
      ->check(CLI::IsMember({"tcp", "grpc"}));
  app.add_option("--port", flags.port, "Of 127.0.0.1, where it listens.")->required();
  app.add_option("--next", flags.next, "127.0.0.1:PORT of the next process. Default: an origin.");
  app.add_option("--ready_fd", flags.ready_fd, "\"ready\" is written to it once it listens.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageExitCode;
  }
  // A plain copy has nothing to finish: SIGTERM may simply end it. A connection that its client
  // gave up may not.
  signal(SIGPIPE, SIG_IGN);
  if (flags.protocol == "grpc") BlockTerminationSignals();
  const absl::Status ran = flags.protocol == "tcp" ? RunTcp(flags) : RunGrpc(flags);
  if (!ran.ok()) std::cerr << "relay: " << ran.message() << "\n";
  return ran.ok() ? 0 : 1;
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) { return coppice::Main(argc, argv); }
