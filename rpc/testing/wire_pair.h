// A source, served, and a PeerSource that asks it: both ends of the wire in one process.
//
// The server can be stopped and started again at the same address. Thread-safe but for that.
#ifndef COPPICE_RPC_TESTING_WIRE_PAIR_H_
#define COPPICE_RPC_TESTING_WIRE_PAIR_H_

#include <memory>
#include <string>

#include "common/clock.h"
#include "rpc/mount_registry.h"
#include "rpc/peer_channels.h"
#include "rpc/peer_service.h"
#include "rpc/peer_source.h"
#include "rpc/server.h"
#include "rpc/timer.h"
#include "source/block_allocator.h"
#include "source/source.h"

namespace coppice {

// A directory of one's own in /tmp, removed with all that is in it: the test's own directory may be
// too deep for the address of a unix socket.
class SocketDirectory {
 public:
  SocketDirectory();
  ~SocketDirectory();
  SocketDirectory(const SocketDirectory&) = delete;
  SocketDirectory& operator=(const SocketDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct WirePairOptions {
  enum class Wire { kInProcess, kUnixSocket, kTcp };
  Wire wire = Wire::kUnixSocket;
  PeerSourceOptions client = {.peer = "nid001"};
  PeerServiceOptions service;
  MountRegistryOptions mounts = {.export_root = "/export", .node = "nid001"};
};

class WirePair {
 public:
  // All must outlive the pair. Aborts when the server cannot be started.
  WirePair(Source& served, const Clock& clock, Timer& timer, WirePairOptions options = {});
  ~WirePair();

  PeerSource& client() { return *client_; }
  PeerService& service() { return *service_; }
  MountRegistry& mounts() { return *mounts_; }
  RunningServer& server() { return *server_; }
  const PeerChannels& channels() const { return channels_; }

  // Not for kInProcess, whose channel ends with its server.
  void StopServer();
  void StartServer();

 private:
  Source& served_;
  const Clock& clock_;
  Timer& timer_;
  const WirePairOptions options_;
  SocketDirectory directory_;
  std::string address_;
  std::unique_ptr<BlockAllocator> allocator_ = MakeHeapBlockAllocator();
  std::unique_ptr<MountRegistry> mounts_;
  std::unique_ptr<PeerService> service_;
  std::unique_ptr<RunningServer> server_;
  PeerChannels channels_;
  std::unique_ptr<PeerSource> client_;
};

}  // namespace coppice

#endif  // COPPICE_RPC_TESTING_WIRE_PAIR_H_
