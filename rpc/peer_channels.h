// The connections to one peer.
//
// Two, because blocks and metadata would share a TCP connection otherwise, and a lookup would wait
// behind megabytes of data that are already in the socket. gRPC connects when first used, and again
// for ever, between kReconnectBackoffMin and kReconnectBackoffMax apart.
//
// Thread-safe.
#ifndef COPPICE_RPC_PEER_CHANNELS_H_
#define COPPICE_RPC_PEER_CHANNELS_H_

#include <memory>
#include <string>

#include "absl/time/time.h"

namespace grpc {
class Channel;
class ChannelCredentials;
}  // namespace grpc

namespace coppice {

inline constexpr absl::Duration kReconnectBackoffMin = absl::Milliseconds(100);
inline constexpr absl::Duration kReconnectBackoffMax = absl::Seconds(1);
inline constexpr absl::Duration kPatientConnectMax = absl::Seconds(20);
// A peer whose node died without a word is noticed after these two together. Not for a unix socket.
inline constexpr absl::Duration kKeepaliveTime = absl::Seconds(10);
inline constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(5);
// The largest answer that is taken. A listing of 16,384 entries with long names and link targets
// can have several MiB; a block a little over one.
inline constexpr int kAnswerBytesMax = 64 << 20;

struct PeerChannels {
  std::shared_ptr<grpc::Channel> control;  // everything but blocks
  std::shared_ptr<grpc::Channel> bulk;     // blocks
};

// `address`: "host:port", "[v6]:port" or "unix:/path". No credentials: plain text.
PeerChannels OpenChannels(const std::string& address,
                          std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr);

// One channel for whoever has nobody else to ask, and rather waits: an attempt to connect may take
// `connect_max`, in which the network tells of a host that is not there, and a packet that was
// lost is sent again. Those of OpenChannels give up after the backoff, for the next in line.
std::shared_ptr<grpc::Channel> OpenPatientChannel(const std::string& address,
                                                  absl::Duration connect_max = kPatientConnectMax);

// The state of a channel as proto/inspection.proto names it: "READY", "IDLE", ...
std::string ChannelStateName(grpc::Channel& channel);

}  // namespace coppice

#endif  // COPPICE_RPC_PEER_CHANNELS_H_
