#include "rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/status.h"
#include "proto/health.pb.h"
#include "rpc/grpc_lifetime.h"
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

struct HostAndPort {
  std::string host;  // without brackets
  int port = 0;
};

absl::StatusOr<HostAndPort> ParseAddress(absl::string_view address) {
  HostAndPort parsed;
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &parsed.port) || parsed.port < 0 ||
      parsed.port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("listen address ", address, " must be HOST:PORT or unix:/PATH"));
  }
  absl::string_view host = address.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  parsed.host = std::string(host);
  return parsed;
}

// The errno that binding ends with; gRPC only says that it failed. 0: it works now.
int TryBind(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;  // as gRPC does
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const int result =
      bind(fd, address.ai_addr, address.ai_addrlen) == 0 && listen(fd, 1) == 0 ? 0 : errno;
  close(fd);
  return result;
}

// Why gRPC could not listen on a TCP address.
absl::Status WhyNotListening(const std::string& address) {
  const auto parsed = ParseAddress(address);
  if (!parsed.ok()) return parsed.status();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error =
          getaddrinfo(parsed->host.c_str(), absl::StrCat(parsed->port).c_str(), &hints, &found);
      error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("host ", parsed->host, " to listen on: ", gai_strerror(error)));
  }
  int error_number = 0;
  for (const addrinfo* one = found; one != nullptr && error_number == 0; one = one->ai_next) {
    error_number = TryBind(*one);
  }
  freeaddrinfo(found);
  switch (error_number) {
    case EADDRINUSE:
      return ErrnoStatus(EADDRINUSE, absl::StrCat("port ", parsed->port, " of ", parsed->host,
                                                  " is in use: another peer_server? use --listen"));
    case EADDRNOTAVAIL:
      return ErrnoStatus(
          EADDRNOTAVAIL,
          absl::StrCat(parsed->host, " is no address of this machine: use --listen"));
    case 0:
      return absl::UnavailableError(absl::StrCat("could not listen on ", address));
    default:
      return ErrnoStatus(error_number, absl::StrCat("listen on ", address));
  }
}

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

  std::vector<std::string> addresses = options.listen_addresses;
  std::vector<std::string> sockets;
  constexpr int kNotBound = -1;
  std::vector<int> ports(addresses.size(), kNotBound);
  for (size_t i = 0; i < addresses.size(); ++i) {
    if (absl::StartsWith(addresses[i], kUnixPrefix)) {
      sockets.push_back(addresses[i].substr(sizeof(kUnixPrefix) - 1));
      if (absl::Status status = PrepareUnixSocket(sockets.back()); !status.ok()) return status;
      builder.AddListeningPort(addresses[i], grpc::InsecureServerCredentials(), &ports[i]);
    } else {
      if (const auto parsed = ParseAddress(addresses[i]); !parsed.ok()) return parsed.status();
      builder.AddListeningPort(addresses[i],
                               options.tcp_credentials != nullptr
                                   ? options.tcp_credentials
                                   : grpc::InsecureServerCredentials(),
                               &ports[i]);
    }
  }

  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  for (size_t i = 0; i < addresses.size() && server == nullptr; ++i) {
    if (ports[i] > 0) continue;  // gRPC tries them in order, up to the first that fails
    if (absl::StartsWith(addresses[i], kUnixPrefix)) {
      return ErrnoStatus(EADDRINUSE, absl::StrCat("could not listen on ", addresses[i]));
    }
    return WhyNotListening(addresses[i]);
  }
  if (server == nullptr) return absl::InternalError("gRPC could not start a server");

  for (const std::string& socket : sockets) {
    if (absl::Status status = RestrictUnixSocket(socket); !status.ok()) return status;
  }
  for (size_t i = 0; i < addresses.size(); ++i) {
    absl::string_view stem = addresses[i];
    if (!absl::StartsWith(stem, kUnixPrefix) && absl::ConsumeSuffix(&stem, ":0")) {
      addresses[i] = absl::StrCat(stem, ":", ports[i]);
    }
  }
  return std::make_unique<GrpcServer>(std::move(server), std::move(addresses));
}

}  // namespace coppice
