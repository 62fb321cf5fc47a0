#include "tree_builder/tcp_echo.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "tree_builder/member.h"

namespace coppice {
namespace {

constexpr size_t kServerBufferBytes = size_t{1} << 20;
constexpr int kBacklog = 16;

absl::Status Failed(absl::string_view what) {
  // What a call with a time limit says when the time is over.
  const int error = errno == EAGAIN || errno == EINPROGRESS ? ETIMEDOUT : errno;
  return ErrnoStatus(error, what);
}

absl::Status SetOptions(int socket) {
  const timeval limit = absl::ToTimeval(kTcpCallMax);
  const int one = 1;
  if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
      setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
      setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0) {
    return Failed("set the options of a socket");
  }
  return absl::OkStatus();
}

absl::Status SendAll(int socket, const char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t sent = send(socket, bytes, count, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return Failed("send");
    bytes += sent;
    count -= static_cast<size_t>(sent);
  }
  return absl::OkStatus();
}

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

absl::StatusOr<AddressList> Resolve(const std::string& address) {
  if (absl::Status good = CheckAddress(address); !good.ok()) return good;
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.front() == '[') host = host.substr(1, host.size() - 2);
  const addrinfo hints = {.ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  const int result = getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found);
  if (result != 0) {
    return absl::NotFoundError(absl::StrCat("resolve ", Shown(host), ": ", gai_strerror(result)));
  }
  return AddressList(found, &freeaddrinfo);
}

// What the server knows of a client.
struct Peer {
  FileDescriptor socket;
  bool has_mode = false;
  EchoMode mode = EchoMode::kEcho;
};

}  // namespace

absl::StatusOr<EchoClient> EchoClient::Connect(const std::string& address, EchoMode mode) {
  const absl::StatusOr<AddressList> addresses = Resolve(address);
  if (!addresses.ok()) return addresses.status();
  absl::Status last;
  for (const addrinfo* one = addresses->get(); one != nullptr; one = one->ai_next) {
    FileDescriptor descriptor(socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!descriptor.valid()) return Failed("make a socket");
    if (absl::Status set = SetOptions(descriptor.get()); !set.ok()) return set;
    if (connect(descriptor.get(), one->ai_addr, one->ai_addrlen) == 0) {
      EchoClient client(std::move(descriptor));
      const char byte = static_cast<char>(mode);
      if (absl::Status sent = client.Send(&byte, 1); !sent.ok()) return sent;
      return client;
    }
    last = Failed(absl::StrCat("connect to ", address));
  }
  return last;
}

absl::Status EchoClient::Send(const char* bytes, size_t count) {
  return SendAll(socket_.get(), bytes, count);
}

absl::Status EchoClient::Receive(char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t received = recv(socket_.get(), bytes, count, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return Failed("receive");
    if (received == 0) return absl::UnavailableError("the other side ended the connection");
    bytes += received;
    count -= static_cast<size_t>(received);
  }
  return absl::OkStatus();
}

absl::Status EchoClient::EndSending() {
  return shutdown(socket_.get(), SHUT_WR) == 0 ? absl::OkStatus() : Failed("end a connection");
}

absl::StatusOr<EchoServer> EchoServer::Listen(uint16_t port, bool on_loopback) {
  // One socket for IPv4 and IPv6, where there is IPv6; loopback is always there as IPv4.
  FileDescriptor listener;
  if (!on_loopback) listener = FileDescriptor(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool is_ipv6 = listener.valid();
  if (!is_ipv6) listener = FileDescriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener.valid()) return Failed("make a socket");
  sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  ipv4.sin_addr.s_addr = htonl(on_loopback ? INADDR_LOOPBACK : INADDR_ANY);
  sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  const auto* const address =
      is_ipv6 ? reinterpret_cast<const sockaddr*>(&ipv6) : reinterpret_cast<const sockaddr*>(&ipv4);
  const socklen_t length = is_ipv6 ? sizeof(ipv6) : sizeof(ipv4);
  const int one = 1;
  (void)setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  if (bind(listener.get(), address, length) != 0 || listen(listener.get(), kBacklog) != 0) {
    return Failed(absl::StrCat("listen on port ", port));
  }
  sockaddr_in6 bound;
  socklen_t bound_length = sizeof(bound);
  if (getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &bound_length) != 0) {
    return Failed("find the port");
  }
  // The port is at the same place in both kinds of address.
  return EchoServer(std::move(listener), ntohs(bound.sin6_port));
}

absl::Status EchoServer::Run(absl::Duration first_max, absl::Duration idle_max) {
  std::vector<Peer> peers;
  std::vector<char> buffer(kServerBufferBytes);
  bool has_come = false;
  while (true) {
    std::vector<pollfd> polled;
    for (const Peer& peer : peers) polled.push_back({.fd = peer.socket.get(), .events = POLLIN});
    if (peers.size() < kEchoConnectionsMax) {
      polled.push_back({.fd = listener_.get(), .events = POLLIN});
    }
    const absl::Duration wait = has_come ? idle_max : first_max;
    const int timeout_ms =
        wait == absl::InfiniteDuration() ? -1 : static_cast<int>(absl::ToInt64Milliseconds(wait));
    const int ready = poll(polled.data(), polled.size(), timeout_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return Failed("wait for clients");
    if (ready == 0) return absl::DeadlineExceededError("no client says anything any more");
    // Clients first: the listener stands behind them.
    for (size_t i = 0; i < peers.size(); ++i) {
      if (polled[i].revents == 0) continue;
      Peer& peer = peers[i];
      const ssize_t received = recv(peer.socket.get(), buffer.data(), buffer.size(), 0);
      size_t start = 0;
      if (received > 0 && !peer.has_mode) {
        peer.has_mode = true;
        peer.mode = static_cast<EchoMode>(buffer[start++]);
        if (peer.mode == EchoMode::kEnd) return absl::OkStatus();
      }
      const size_t count = received > 0 ? static_cast<size_t>(received) - start : 0;
      absl::Status answered;
      if (peer.mode == EchoMode::kEcho) {
        answered = SendAll(peer.socket.get(), buffer.data() + start, count);
      } else if (received == 0) {
        answered = SendAll(peer.socket.get(), "!", 1);
      }
      // A client that fails knows it itself.
      if (received <= 0 || !answered.ok()) peer.socket.Reset();
    }
    if (polled.size() > peers.size() && polled.back().revents != 0) {
      has_come = true;
      FileDescriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (socket.valid() && SetOptions(socket.get()).ok()) {
        peers.push_back({.socket = std::move(socket)});
      }
    }
    peers.erase(std::remove_if(peers.begin(), peers.end(),
                               [](const Peer& peer) { return !peer.socket.valid(); }),
                peers.end());
  }
}

}  // namespace coppice
