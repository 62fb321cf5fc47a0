#include "rpc/testing/wire_pair.h"

#include <grpcpp/channel.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace coppice {

SocketDirectory::SocketDirectory() : path_("/tmp/coppice.XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) {
    std::perror(path_.c_str());
    std::abort();
  }
}

SocketDirectory::~SocketDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

WirePair::WirePair(Source& served, const Clock& clock, Timer& timer, WirePairOptions options)
    : served_(served), clock_(clock), timer_(timer), options_(std::move(options)) {
  switch (options_.wire) {
    case WirePairOptions::Wire::kInProcess:
      break;
    case WirePairOptions::Wire::kUnixSocket:
      address_ = absl::StrCat("unix:", directory_.path(), "/peer");
      break;
    case WirePairOptions::Wire::kTcp:
      // Not localhost, which has an address of each family: gRPC is content with a port that is
      // free in one of them, and a client may then reach a stranger in the other.
      address_ = "127.0.0.1:0";
      break;
  }
  StartServer();
  if (address_.empty()) {
    const auto channel = server_->InProcessChannel();
    channels_ = {.control = channel, .bulk = channel};
  } else {
    channels_ = OpenChannels(address_);
  }
  client_ = MakePeerSource(channels_, options_.client, *allocator_, clock_);
}

WirePair::~WirePair() { StopServer(); }

void WirePair::StopServer() {
  if (server_ == nullptr) return;
  mounts_->Close();
  service_->Close();
  server_->Shutdown(absl::Seconds(1));
  server_.reset();
  service_.reset();
  mounts_.reset();
}

void WirePair::StartServer() {
  mounts_ = MakeMountRegistry(options_.mounts, timer_);
  service_ = MakePeerService(served_, *mounts_, options_.service, clock_);
  PeerServerOptions options{.services = {&service_->service()}};
  if (!address_.empty()) options.listen_addresses = {address_};
  auto server = StartPeerServer(options);
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", server.status().ToString().c_str());
    std::abort();
  }
  server_ = *std::move(server);
  if (!address_.empty()) address_ = server_->addresses().front();
}

}  // namespace coppice
