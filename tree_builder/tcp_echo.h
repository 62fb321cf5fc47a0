// The two ends of a calibration: plain TCP connections with time limits, and a server that echoes
// what one kind of them sends and swallows what another does.
//
// A client's first byte says which: kEcho or kSink; kEnd ends the server. A sink's end is answered
// with one byte, when all of it has arrived. Not thread-safe; an EchoServer may run on a thread of
// its own while clients run on others. Errors carry their errno.
#ifndef COPPICE_TREE_BUILDER_TCP_ECHO_H_
#define COPPICE_TREE_BUILDER_TCP_ECHO_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/file_descriptor.h"

namespace coppice {

enum class EchoMode : char { kEcho = 'e', kSink = 's', kEnd = 'q' };

// Of one call on a connection: connect, send or receive.
inline constexpr absl::Duration kTcpCallMax = absl::Seconds(2);
// At once; more wait in the kernel.
inline constexpr size_t kEchoConnectionsMax = 64;

class EchoClient {
 public:
  // `address` is "host:port" or "[IPv6]:port".
  static absl::StatusOr<EchoClient> Connect(const std::string& address, EchoMode mode);

  absl::Status Send(const char* bytes, size_t count);
  // Exactly so many. UNAVAILABLE when the other side ends before.
  absl::Status Receive(char* bytes, size_t count);
  absl::Status EndSending();

 private:
  explicit EchoClient(FileDescriptor socket) : socket_(std::move(socket)) {}
  FileDescriptor socket_;
};

class EchoServer {
 public:
  // Port 0 takes a free one. `on_loopback`: nobody else can reach it.
  static absl::StatusOr<EchoServer> Listen(uint16_t port, bool on_loopback);

  uint16_t port() const { return port_; }

  // Until a client says kEnd. DEADLINE_EXCEEDED when for `idle_max` nothing comes after the first
  // client; for that one it waits `first_max`.
  absl::Status Run(absl::Duration first_max, absl::Duration idle_max);

 private:
  EchoServer(FileDescriptor listener, uint16_t port)
      : listener_(std::move(listener)), port_(port) {}
  FileDescriptor listener_;
  uint16_t port_;
};

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_TCP_ECHO_H_
