#include "rpc/block_memory_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"
#include "common/status.h"
#include "rpc/descriptor_passing.h"
#include "rpc/unix_socket.h"
#include "spdlog/spdlog.h"

namespace coppice {
namespace {

// Connections at a time, of clients and of those who have not said anything yet.
constexpr size_t kConnectionsMax = 2 * kSharedBlockClientsMax;

// Whether the process at the other end is of our own user. Root may look into our memory anyway.
bool IsOurs(int socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == geteuid() || peer.uid == 0;
}

// The socket's name in the file system, removed with its owner.
struct Unlink {
  void operator()(const std::string* path) const {
    unlink(path->c_str());
    delete path;
  }
};
using SocketFile = std::unique_ptr<const std::string, Unlink>;

class Server final : public BlockMemoryServer {
 public:
  Server(SocketFile file, SharedBlockArena& arena, FileDescriptor listener, FileDescriptor stop)
      : file_(std::move(file)),
        arena_(arena),
        listener_(std::move(listener)),
        stop_(std::move(stop)),
        thread_([this] { Serve(); }) {}

  ~Server() override {
    const uint64_t one = 1;
    // An eventfd takes 8 bytes, unless its count is full.
    while (write(stop_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    thread_.join();
  }

 private:
  struct Connection {
    FileDescriptor socket;
    std::optional<SharedBlockArena::ClientId> client;  // once it has said hello
  };

  void Serve() {
    while (true) {
      std::vector<pollfd> awaited = {{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      // Full: who comes next waits in the listener's queue.
      if (connections_.size() >= kConnectionsMax) awaited[1].events = 0;
      for (const Connection& connection : connections_) {
        awaited.push_back({connection.socket.get(), POLLIN, 0});
      }
      if (poll(awaited.data(), awaited.size(), /*timeout=*/-1) < 0) {
        if (errno == EINTR) continue;
        spdlog::error("the block memory's socket: poll: {}", std::strerror(errno));
        return;
      }
      if (awaited[0].revents != 0) break;
      // From the end, so that the places before stay what they are.
      for (size_t i = connections_.size(); i-- > 0;) {
        if (awaited[2 + i].revents == 0 || Hear(connections_[i])) continue;
        if (connections_[i].client.has_value()) arena_.RemoveClient(*connections_[i].client);
        connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
      }
      if (awaited[1].revents != 0) Accept();
    }
    for (const Connection& connection : connections_) {
      if (connection.client.has_value()) arena_.RemoveClient(*connection.client);
    }
    connections_.clear();
  }

  void Accept() {
    FileDescriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) return;  // gone again
    if (!IsOurs(socket.get())) {
      spdlog::warn("refused the block memory to another user");
      return;
    }
    if (absl::Status sent = SendDescriptor(socket.get(), arena_.descriptor()); !sent.ok()) return;
    connections_.push_back({std::move(socket), std::nullopt});
  }

  // What a client says: its memory, once. False: it is over.
  bool Hear(Connection& connection) {
    absl::StatusOr<FileDescriptor> memory = ReceiveDescriptor(connection.socket.get());
    if (!memory.ok()) return StatusErrno(memory.status()) == EAGAIN;
    if (connection.client.has_value()) return false;
    const auto client = arena_.AddClient(*std::move(memory));
    if (!client.ok()) {
      spdlog::warn("refused the block memory to a client: {}",
                   std::string(client.status().message()));
      return false;
    }
    connection.client = *client;
    const char ready = 1;
    return send(connection.socket.get(), &ready, 1, MSG_NOSIGNAL) == 1;
  }

  const SocketFile file_;
  SharedBlockArena& arena_;
  const FileDescriptor listener_;
  const FileDescriptor stop_;
  std::vector<Connection> connections_;  // the thread's own
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BlockMemoryServer>> StartBlockMemoryServer(const std::string& path,
                                                                          SharedBlockArena& arena) {
  if (absl::Status prepared = PrepareUnixSocket(path); !prepared.ok()) return prepared;
  FileDescriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.valid()) return ErrnoStatus(errno, "make a socket");
  const absl::StatusOr<sockaddr_un> address = UnixSocketAddress(path);
  if (!address.ok()) return address.status();
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0) {
    return ErrnoStatus(errno, absl::StrCat("bind ", path));
  }
  SocketFile file(new std::string(path));
  if (absl::Status restricted = RestrictUnixSocket(path); !restricted.ok()) return restricted;
  if (listen(listener.get(), SOMAXCONN) != 0) {
    return ErrnoStatus(errno, absl::StrCat("listen at ", path));
  }
  FileDescriptor stop(eventfd(0, EFD_CLOEXEC));
  if (!stop.valid()) return ErrnoStatus(errno, "make an eventfd");
  return std::make_unique<Server>(std::move(file), arena, std::move(listener), std::move(stop));
}

}  // namespace coppice
