#include "bench/hop/tcp_relay.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

absl::Status Answer(int connection) {
  uint64_t wanted = 0;
  absl::Status status =
      ReadWhole(connection, absl::MakeSpan(reinterpret_cast<char*>(&wanted), sizeof(wanted)));
  const std::vector<char> bytes(kCopyBytes, 'x');
  while (status.ok() && wanted > 0) {
    const size_t now = std::min<uint64_t>(wanted, bytes.size());
    status = WriteWhole(connection, absl::MakeConstSpan(bytes.data(), now));
    wanted -= now;
  }
  return status;
}

// One direction; the end of the stream is passed on too.
absl::Status Forward(int from, int to) {
  const absl::Status copied = CopyStream(from, to);
  shutdown(to, SHUT_WR);
  return copied;
}

absl::Status Relay(int connection, const std::string& next) {
  const absl::StatusOr<FileDescriptor> onward = ConnectTcp(next);
  if (!onward.ok()) return onward.status();
  absl::Status up;
  std::thread upwards([&] { up = Forward(connection, onward->get()); });
  const absl::Status down = Forward(onward->get(), connection);
  upwards.join();
  return down.ok() ? up : down;
}

}  // namespace

absl::Status ServeTcp(const TcpListener& listener, const std::string& next) {
  for (;;) {
    absl::StatusOr<FileDescriptor> connection = AcceptTcp(listener.socket.get());
    if (!connection.ok()) return connection.status();
    std::thread([connection = *std::move(connection), next] {
      const absl::Status served =
          next.empty() ? Answer(connection.get()) : Relay(connection.get(), next);
      if (!served.ok()) std::cerr << "relay: " << served.message() << "\n";
    }).detach();
  }
}

absl::Status ReadOverTcp(const std::string& address, uint64_t bytes) {
  const absl::StatusOr<FileDescriptor> connection = ConnectTcp(address);
  if (!connection.ok()) return connection.status();
  const absl::Status asked = WriteWhole(
      connection->get(), absl::MakeConstSpan(reinterpret_cast<const char*>(&bytes), sizeof(bytes)));
  if (!asked.ok()) return asked;
  shutdown(connection->get(), SHUT_WR);
  std::vector<char> buffer(kCopyBytes);
  uint64_t received = 0;
  while (received < bytes) {
    const ssize_t now = read(connection->get(), buffer.data(), buffer.size());
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) return ErrnoStatus(errno, "read from a socket");
    if (now == 0) {
      return absl::DataLossError(absl::StrCat("the copy ended after ", received, " bytes"));
    }
    received += static_cast<uint64_t>(now);
  }
  return absl::OkStatus();
}

}  // namespace coppice
