#include "rpc/block_memory_link.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "rpc/descriptor_passing.h"
#include "rpc/unix_socket.h"

namespace coppice {
namespace {

absl::StatusOr<FileDescriptor> ConnectTo(const std::string& path) {
  const absl::StatusOr<sockaddr_un> address = UnixSocketAddress(path);
  if (!address.ok()) return address.status();
  FileDescriptor connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection.valid()) return ErrnoStatus(errno, "make a socket");
  const timeval timeout = absl::ToTimeval(kBlockMemoryTimeout);
  for (const int direction : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (setsockopt(connection.get(), SOL_SOCKET, direction, &timeout, sizeof(timeout)) != 0) {
      return ErrnoStatus(errno, "limit the time of a socket");
    }
  }
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) !=
      0) {
    return ErrnoStatus(errno, absl::StrCat("connect to ", path));
  }
  return connection;
}

}  // namespace

absl::StatusOr<std::unique_ptr<BlockMemoryLink>> BlockMemoryLink::Connect(const std::string& path) {
  absl::StatusOr<FileDescriptor> connection = ConnectTo(path);
  if (!connection.ok()) return connection.status();
  absl::StatusOr<FileDescriptor> memory = ReceiveDescriptor(connection->get());
  if (!memory.ok()) return Annotate(memory.status(), path);
  auto reader = OpenSharedBlocks(*std::move(memory));
  if (!reader.ok()) return Annotate(reader.status(), path);
  absl::Status sent = SendDescriptor(connection->get(), (*reader)->client_descriptor());
  if (!sent.ok()) return Annotate(sent, path);
  char ready = 0;
  const ssize_t received = recv(connection->get(), &ready, 1, 0);
  if (received < 0) return ErrnoStatus(errno, absl::StrCat("wait for ", path));
  if (received == 0) return absl::UnavailableError(absl::StrCat(path, " refused this client"));
  return std::unique_ptr<BlockMemoryLink>(
      new BlockMemoryLink(*std::move(connection), *std::move(reader)));
}

}  // namespace coppice
