#include "bench/hop/tcp_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace coppice {
namespace {

constexpr absl::string_view kLoopback = "127.0.0.1:";
constexpr int kBacklog = 16;

sockaddr_in LoopbackAddress(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

absl::StatusOr<FileDescriptor> MakeSocket() {
  FileDescriptor made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!made.valid()) return ErrnoStatus(errno, "make a TCP socket");
  return made;
}

// As gRPC does: a small answer is not kept back for more to come.
void SendAtOnce(int descriptor) {
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace

absl::StatusOr<TcpListener> ListenTcp(uint16_t port) {
  absl::StatusOr<FileDescriptor> listener = MakeSocket();
  if (!listener.ok()) return listener.status();
  sockaddr_in address = LoopbackAddress(port);
  socklen_t length = sizeof(address);
  auto* const general = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener->get(), general, length) != 0 || listen(listener->get(), kBacklog) != 0 ||
      getsockname(listener->get(), general, &length) != 0) {
    return ErrnoStatus(errno, absl::StrCat("listen on ", kLoopback, port));
  }
  return TcpListener{.socket = *std::move(listener),
                     .address = absl::StrCat(kLoopback, ntohs(address.sin_port))};
}

absl::StatusOr<FileDescriptor> AcceptTcp(int listener) {
  FileDescriptor accepted(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!accepted.valid()) return ErrnoStatus(errno, "accept a TCP connection");
  SendAtOnce(accepted.get());
  return accepted;
}

absl::StatusOr<FileDescriptor> ConnectTcp(const std::string& address) {
  absl::string_view port_text = address;
  uint32_t port = 0;
  if (!absl::ConsumePrefix(&port_text, kLoopback) || !absl::SimpleAtoi(port_text, &port) ||
      port > UINT16_MAX) {
    return absl::InvalidArgumentError(absl::StrCat("'", address, "' is not 127.0.0.1:PORT"));
  }
  absl::StatusOr<FileDescriptor> connected = MakeSocket();
  if (!connected.ok()) return connected.status();
  const sockaddr_in to = LoopbackAddress(static_cast<uint16_t>(port));
  if (connect(connected->get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
    return ErrnoStatus(errno, absl::StrCat("connect to ", address));
  }
  SendAtOnce(connected->get());
  return connected;
}

absl::Status WriteWhole(int descriptor, absl::Span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "write to a socket");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status ReadWhole(int descriptor, absl::Span<char> bytes) {
  while (!bytes.empty()) {
    const ssize_t received = read(descriptor, bytes.data(), bytes.size());
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return ErrnoStatus(errno, "read from a socket");
    if (received == 0) return ErrnoStatus(ECONNRESET, "read from a socket");
    bytes.remove_prefix(static_cast<size_t>(received));
  }
  return absl::OkStatus();
}

absl::Status CopyStream(int from, int to) {
  std::vector<char> buffer(kCopyBytes);
  for (;;) {
    const ssize_t received = read(from, buffer.data(), buffer.size());
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return ErrnoStatus(errno, "read from a socket");
    if (received == 0) return absl::OkStatus();
    const absl::Status written =
        WriteWhole(to, absl::MakeConstSpan(buffer.data(), static_cast<size_t>(received)));
    if (!written.ok()) return written;
  }
}

}  // namespace coppice
