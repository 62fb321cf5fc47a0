#include "rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/status.h"
#include "proto/health.pb.h"
#include "rpc/grpc_lifetime.h"
#include "rpc/listen_address.h"
#include "rpc/unix_socket.h"

namespace coppice {
namespace {

constexpr char kUnixPrefix[] = "unix:";
constexpr char kPeerService[] = "coppice.v1.Peer";
// Our clients ping each 10 s (peer_channels.h); gRPC hangs up on whoever pings more often than
// this.
constexpr int kPingIntervalMinMilliseconds = 5'000;
// A child whose node died without a word is noticed after these two together.
constexpr int kKeepaliveTimeMilliseconds = 60'000;
constexpr int kKeepaliveTimeoutMilliseconds = 20'000;

class GrpcServer final : public RunningServer {
 public:
  GrpcServer(std::unique_ptr<grpc::Server> server, std::vector<std::string> addresses)
      : server_(std::move(server)), addresses_(std::move(addresses)) {
    SetServing(true);
  }
  ~GrpcServer() override { Shutdown(absl::ZeroDuration()); }

  const std::vector<std::string>& addresses() const override { return addresses_; }

  std::shared_ptr<grpc::Channel> InProcessChannel() override {
    return server_->InProcessChannel(grpc::ChannelArguments());
  }

  void SetServing(bool serving) override {
    grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
    health->SetServingStatus("", serving);
    health->SetServingStatus(kPeerService, serving);
  }

  void Shutdown(absl::Duration grace) override {
    // gRPC removes the socket, and lets a second call return when the first has done its work.
    server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(grace));
  }

 private:
  const std::unique_ptr<grpc::Server> server_;
  const std::vector<std::string> addresses_;
};

void SetLimits(const PeerServerOptions& options, grpc::ServerBuilder& builder) {
  grpc::ResourceQuota quota("peer_server");
  quota.Resize(options.grpc_memory_bytes_max).SetMaxThreads(options.grpc_threads_max);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(kRequestBytesMax);
  // Two servers on one port would each get half of the children.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPingIntervalMinMilliseconds);
}

bool IsUnix(absl::string_view address) { return absl::StartsWith(address, kUnixPrefix); }

std::string SocketPath(const std::string& address) {
  return address.substr(sizeof(kUnixPrefix) - 1);
}

// One thing for gRPC to bind; a host name may stand for several.
struct Binding {
  std::string address;
  size_t position;  // in listen_addresses
  int port = -1;    // above 0 when gRPC has bound it
};

// What the addresses come to, after a look that nobody else is there; sockets are prepared.
absl::StatusOr<std::vector<Binding>> ResolveBindings(const std::vector<std::string>& addresses) {
  std::vector<Binding> bindings;
  for (size_t i = 0; i < addresses.size(); ++i) {
    if (IsUnix(addresses[i])) {
      if (absl::Status status = PrepareUnixSocket(SocketPath(addresses[i])); !status.ok()) {
        return status;
      }
      bindings.push_back({.address = addresses[i], .position = i});
      continue;
    }
    const auto numeric = ResolveListenAddress(addresses[i]);
    if (!numeric.ok()) return numeric.status();
    for (const std::string& one : *numeric) bindings.push_back({.address = one, .position = i});
  }
  return bindings;
}

// gRPC only says that it failed: somebody came between our look and its bind.
absl::Status WhyNotStarted(const std::vector<Binding>& bindings) {
  for (const Binding& binding : bindings) {
    if (binding.port > 0) continue;  // gRPC tries them in order, up to the first that fails
    if (IsUnix(binding.address)) {
      return ErrnoStatus(EADDRINUSE, absl::StrCat("could not listen on ", binding.address));
    }
    const absl::Status status = ResolveListenAddress(binding.address).status();
    return status.ok()
               ? absl::UnavailableError(absl::StrCat("could not listen on ", binding.address))
               : status;
  }
  return absl::InternalError("gRPC could not start a server");
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunningServer>> StartPeerServer(const PeerServerOptions& options) {
  KeepGrpcInitialised();
  // Settings of gRPC's, for the process; setting them twice does nothing.
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  // The linker drops a message that nobody mentions, and reflection could not describe the service.
  grpc::health::v1::HealthCheckRequest::descriptor();

  grpc::ServerBuilder builder;
  SetLimits(options, builder);
  for (grpc::Service* service : options.services) builder.RegisterService(service);

  auto bindings = ResolveBindings(options.listen_addresses);
  if (!bindings.ok()) return bindings.status();
  for (Binding& binding : *bindings) {
    const bool is_plain = IsUnix(binding.address) || options.tcp_credentials == nullptr;
    builder.AddListeningPort(binding.address,
                             is_plain ? grpc::InsecureServerCredentials() : options.tcp_credentials,
                             &binding.port);
  }

  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return WhyNotStarted(*bindings);

  std::vector<std::string> addresses = options.listen_addresses;
  for (const Binding& binding : *bindings) {
    if (IsUnix(binding.address)) {
      if (absl::Status status = RestrictUnixSocket(SocketPath(binding.address)); !status.ok()) {
        return status;
      }
    } else if (absl::string_view stem = binding.address; absl::ConsumeSuffix(&stem, ":0")) {
      addresses[binding.position] = absl::StrCat(stem, ":", binding.port);
    }
  }
  return std::make_unique<GrpcServer>(std::move(server), std::move(addresses));
}

}  // namespace coppice
