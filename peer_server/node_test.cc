#include "peer_server/node.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

bool CanConnect(const std::string& address) {
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  return channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

TEST(NodeTest, ANodeListensOnEachOfItsAddresses) {
  const auto node = StartNode({.place = AlonePlace("n"),
                               .export_root = testing::TempDir(),
                               .listen_addresses = {"127.0.0.1:0", "127.0.0.2:0"}});
  ASSERT_TRUE(node.ok()) << node.status();
  const std::vector<std::string> addresses = absl::StrSplit((*node)->tcp_address(), ',');
  ASSERT_EQ(addresses.size(), 2u) << (*node)->tcp_address();
  EXPECT_TRUE(absl::StartsWith(addresses[0], "127.0.0.1:")) << addresses[0];
  EXPECT_TRUE(absl::StartsWith(addresses[1], "127.0.0.2:")) << addresses[1];
  for (const std::string& address : addresses) EXPECT_TRUE(CanConnect(address)) << address;
  (*node)->Shutdown(absl::ZeroDuration());
}

TEST(NodeTest, ANodeWithoutAddressesListensNowhere) {
  const auto node = StartNode({.place = AlonePlace("n"), .export_root = testing::TempDir()});
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ((*node)->tcp_address(), "");
  (*node)->Shutdown(absl::ZeroDuration());
}

}  // namespace
}  // namespace coppice
