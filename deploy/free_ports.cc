#include "deploy/free_ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "common/file_descriptor.h"
#include "common/status.h"

namespace coppice {
namespace {

// A socket bound to the port, or to any when it is 0; the errno of bind(2).
absl::StatusOr<FileDescriptor> Bind(uint16_t port) {
  FileDescriptor socket_descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket_descriptor.valid()) return ErrnoStatus(errno, "make a TCP socket");
  // Connections that have ended do not keep a server from listening; so they must not bother us.
  const int yes = 1;
  setsockopt(socket_descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (bind(socket_descriptor.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoStatus(errno, "bind a TCP port");
  }
  return socket_descriptor;
}

}  // namespace

absl::StatusOr<std::vector<uint16_t>> FindFreePorts(size_t count) {
  // All are held until the last is found, so that they differ.
  std::vector<FileDescriptor> held;
  std::vector<uint16_t> ports;
  while (ports.size() < count) {
    auto bound = Bind(0);
    if (!bound.ok()) return bound.status();
    sockaddr_in address = {};
    socklen_t size = sizeof(address);
    if (getsockname(bound->get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      return ErrnoStatus(errno, "ask for a TCP port's number");
    }
    ports.push_back(ntohs(address.sin_port));
    held.push_back(*std::move(bound));
  }
  return ports;
}

bool IsPortFree(uint16_t port) {
  const auto bound = Bind(port);
  // With SO_REUSEADDR on both, only listening finds the port taken.
  return bound.ok() && listen(bound->get(), 1) == 0;
}

}  // namespace coppice
