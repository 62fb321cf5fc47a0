// A gRPC server on a unix socket, TCP, or both, with server reflection and the health service.
//
// - A busy port or socket is an error that names it and the cure; two servers never share one. A
//   host name with several addresses is bound at all of them (listen_address.h).
// - The socket: its directory is made if it is missing, and must be ours alone (0700); the socket
//   is 0600; so the kernel keeps other users out, and it needs no credentials, which plain clients
//   (grpc_cli, buf) could not give. A socket that a dead server left is replaced, one that answers
//   is not. It is removed by Shutdown.
// - Health is SERVING for "" and "coppice.v1.Peer" from the start.
//
// Thread-safe, but for the destructor.
#ifndef COPPICE_RPC_SERVER_H_
#define COPPICE_RPC_SERVER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace grpc {
class Channel;
class ServerCredentials;
class Service;
}  // namespace grpc

namespace coppice {

// The largest request that is taken. Most are one path and a few numbers; the largest are what a
// stream sends at once, and the report of readiness of a million members.
inline constexpr int kRequestBytesMax = 1 << 20;

struct PeerServerOptions {
  // "unix:/path", "host:port", "[v6]:port"; port 0 takes a free one. May be empty: in-process only.
  std::vector<std::string> listen_addresses;
  // All must outlive the server.
  std::vector<grpc::Service*> services;
  // For TCP; null: plain text.
  std::shared_ptr<grpc::ServerCredentials> tcp_credentials;
  // Memory that gRPC itself may use for calls and buffers; not the blocks.
  size_t grpc_memory_bytes_max = size_t{512} << 20;
  // Threads that gRPC may start. All calls are callbacks, so it needs few.
  int grpc_threads_max = 64;
};

class RunningServer {
 public:
  // As Shutdown, with no grace.
  virtual ~RunningServer() = default;

  // Where it listens, as given; for port 0 the numeric address with the port that was taken.
  virtual const std::vector<std::string>& addresses() const = 0;

  // To the same services without a socket, for tests.
  virtual std::shared_ptr<grpc::Channel> InProcessChannel() = 0;

  // What the health service answers. True from the start.
  virtual void SetServing(bool serving) = 0;

  // Takes no more calls, waits `grace` for those in flight, then cancels them, and returns when the
  // last has ended, which is when the source has answered it. Removes the socket. May be called
  // again.
  virtual void Shutdown(absl::Duration grace) = 0;
};

// INVALID_ARGUMENT for an address that cannot be; else the errno, as EADDRINUSE or EACCES.
absl::StatusOr<std::unique_ptr<RunningServer>> StartPeerServer(const PeerServerOptions& options);

}  // namespace coppice

#endif  // COPPICE_RPC_SERVER_H_
