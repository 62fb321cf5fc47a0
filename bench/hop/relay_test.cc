#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "bench/hop/grpc_relay.h"
#include "bench/hop/tcp_relay.h"
#include "bench/hop/tcp_socket.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

// More than one buffer, and no multiple of it.
constexpr uint64_t kBytes = 3 * kCopyBytes + 17;

// A TCP origin or relay in this process, for as long as the process lives.
std::string ServeInBackground(const std::string& next) {
  absl::StatusOr<TcpListener> listener = ListenTcp(0);
  if (!listener.ok()) {
    ADD_FAILURE() << listener.status();
    return "";
  }
  std::string address = listener->address;
  std::thread([listener = *std::move(listener), next] {
    ServeTcp(listener, next).IgnoreError();
  }).detach();
  return address;
}

TEST(TcpRelayTest, AnOriginSendsAsManyBytesAsItIsAskedFor) {
  const std::string origin = ServeInBackground("");
  EXPECT_TRUE(ReadOverTcp(origin, kBytes).ok());
  EXPECT_TRUE(ReadOverTcp(origin, 0).ok());
}

TEST(TcpRelayTest, RelaysPassEverythingOn) {
  const std::string last = ServeInBackground(ServeInBackground(ServeInBackground("")));
  EXPECT_TRUE(ReadOverTcp(last, kBytes).ok());
  EXPECT_TRUE(ReadOverTcp(last, kBytes).ok());
}

TEST(TcpRelayTest, ARelayWithoutAnOriginIsAnError) {
  std::string gone;
  {
    const absl::StatusOr<TcpListener> listener = ListenTcp(0);
    ASSERT_TRUE(listener.ok()) << listener.status();
    gone = listener->address;
  }
  EXPECT_FALSE(ReadOverTcp(ServeInBackground(gone), kBytes).ok());
}

TEST(TcpRelayTest, OnlyLoopbackAddressesAreConnectedTo) {
  for (const char* address : {"", "127.0.0.1:", "127.0.0.1:99999", "10.0.0.1:80", "127.0.0.1:x"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ConnectTcp(address).status())) << address;
  }
}

TEST(GrpcRelayTest, AnswersHaveTheBytesThatWereAskedFor) {
  const auto origin = StartRawServer(0, "");
  ASSERT_TRUE(origin.ok()) << origin.status();
  EXPECT_TRUE(ReadOverGrpc((*origin)->address(), 20, kRawAnswerBytesMax, 4).ok());
  EXPECT_TRUE(ReadOverGrpc((*origin)->address(), 20, 4096, 4).ok());
}

TEST(GrpcRelayTest, RelaysPassAnswersOn) {
  const auto origin = StartRawServer(0, "");
  ASSERT_TRUE(origin.ok()) << origin.status();
  const auto middle = StartRawServer(0, (*origin)->address());
  ASSERT_TRUE(middle.ok()) << middle.status();
  const auto last = StartRawServer(0, (*middle)->address());
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_TRUE(ReadOverGrpc((*last)->address(), 20, kRawAnswerBytesMax, 4).ok());
}

TEST(GrpcRelayTest, ARefusalComesThroughTheRelay) {
  const auto origin = StartRawServer(0, "");
  ASSERT_TRUE(origin.ok()) << origin.status();
  const auto relay = StartRawServer(0, (*origin)->address());
  ASSERT_TRUE(relay.ok()) << relay.status();
  EXPECT_TRUE(
      absl::IsInvalidArgument(ReadOverGrpc((*relay)->address(), 1, kRawAnswerBytesMax + 1, 1)));
}

TEST(GrpcRelayTest, ATakenPortIsAnError) {
  const absl::StatusOr<TcpListener> listener = ListenTcp(0);
  ASSERT_TRUE(listener.ok()) << listener.status();
  const int port = std::stoi(listener->address.substr(listener->address.find(':') + 1));
  EXPECT_FALSE(StartRawServer(static_cast<uint16_t>(port), "").ok());
}

}  // namespace
}  // namespace coppice
