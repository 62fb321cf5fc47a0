#include "rpc/peer_channels.h"

#include <grpcpp/channel.h>

#include <chrono>
#include <cstdlib>

#include "gtest/gtest.h"
#include "rpc/server.h"

namespace coppice {
namespace {

// Of the environment, for one test; the resolver reads it when a channel is first used.
class EnvironmentVariable {
 public:
  EnvironmentVariable(const char* name, const char* value) : name_(name) {
    setenv(name, value, /*overwrite=*/1);
  }
  ~EnvironmentVariable() { unsetenv(name_); }

 private:
  const char* const name_;
};

// How long the channels may take to connect; far more than they need.
std::chrono::system_clock::time_point InAMinute() {
  return std::chrono::system_clock::now() + std::chrono::minutes(1);
}

TEST(PeerChannelsTest, AProxyOfTheSiteIsNotUsed) {
  // Nobody listens at port 1. no_proxy would exempt the peers by itself.
  const EnvironmentVariable proxy("http_proxy", "http://127.0.0.1:1");
  const EnvironmentVariable grpc_proxy("grpc_proxy", "http://127.0.0.1:1");
  const EnvironmentVariable https_proxy("https_proxy", "http://127.0.0.1:1");
  unsetenv("no_proxy");
  unsetenv("no_grpc_proxy");
  const auto server = StartPeerServer({.listen_addresses = {"127.0.0.1:0"}});
  ASSERT_TRUE(server.ok()) << server.status();
  const PeerChannels channels = OpenChannels((*server)->addresses()[0]);
  EXPECT_TRUE(channels.control->WaitForConnected(InAMinute()));
  EXPECT_TRUE(channels.bulk->WaitForConnected(InAMinute()));
  EXPECT_EQ(ChannelStateName(*channels.control), "READY");
}

TEST(PeerChannelsTest, AChannelThatWasNotUsedIsIdle) {
  const PeerChannels channels = OpenChannels("127.0.0.1:1");
  EXPECT_EQ(ChannelStateName(*channels.control), "IDLE");
}

}  // namespace
}  // namespace coppice
