#include "rpc/peer_channels.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "absl/strings/match.h"
#include "rpc/grpc_lifetime.h"

namespace coppice {
namespace {

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

std::shared_ptr<grpc::Channel> OpenChannel(
    const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    absl::Duration connect_max) {
  grpc::ChannelArguments arguments;
  // Channels of equal arguments share their connection, unless each has a pool of its own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, Milliseconds(kReconnectBackoffMin));
  // What gRPC calls so is the least time that it gives to an attempt.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, Milliseconds(connect_max));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Milliseconds(kReconnectBackoffMax));
  // The kernel tells at once when the process behind a socket ends. One that is silent is suspended
  // or starved, and a new connection would only cost the client all that it knows (mount_link.h).
  if (!absl::StartsWith(address, "unix:")) {
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(kKeepaliveTime));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(kKeepaliveTimeout));
  }
  // Only while calls are in flight, or 10,000 idle nodes would ping through the night; as many
  // pings as these calls need, although no data goes out meanwhile.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetMaxReceiveMessageSize(kAnswerBytesMax);
  // Retries are RetryingSource's and FallbackSource's business; a proxy of the site is for the web.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace

PeerChannels OpenChannels(const std::string& address,
                          std::shared_ptr<grpc::ChannelCredentials> credentials) {
  KeepGrpcInitialised();
  if (credentials == nullptr) credentials = grpc::InsecureChannelCredentials();
  return {.control = OpenChannel(address, credentials, kReconnectBackoffMin),
          .bulk = OpenChannel(address, credentials, kReconnectBackoffMin)};
}

std::shared_ptr<grpc::Channel> OpenPatientChannel(const std::string& address,
                                                  absl::Duration connect_max) {
  KeepGrpcInitialised();
  return OpenChannel(address, grpc::InsecureChannelCredentials(), connect_max);
}

std::string ChannelStateName(grpc::Channel& channel) {
  switch (channel.GetState(/*try_to_connect=*/false)) {
    case GRPC_CHANNEL_IDLE:
      return "IDLE";
    case GRPC_CHANNEL_CONNECTING:
      return "CONNECTING";
    case GRPC_CHANNEL_READY:
      return "READY";
    case GRPC_CHANNEL_TRANSIENT_FAILURE:
      return "TRANSIENT_FAILURE";
    case GRPC_CHANNEL_SHUTDOWN:
      return "SHUTDOWN";
  }
  return "UNKNOWN";
}

}  // namespace coppice
