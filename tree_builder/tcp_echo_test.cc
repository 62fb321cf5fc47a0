#include "tree_builder/tcp_echo.h"

#include <cerrno>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

// A server on its thread, ended and joined at the end.
class TcpEchoTest : public testing::Test {
 protected:
  void SetUp() override {
    auto server = EchoServer::Listen(0, /*on_loopback=*/true);
    ASSERT_TRUE(server.ok()) << server.status();
    server_.emplace(*std::move(server));
    address_ = absl::StrCat("127.0.0.1:", server_->port());
    thread_ = std::thread([this] { outcome_ = server_->Run(kTcpCallMax, kTcpCallMax); });
  }
  void TearDown() override {
    EXPECT_TRUE(EchoClient::Connect(address_, EchoMode::kEnd).ok());
    thread_.join();
    EXPECT_TRUE(outcome_.ok()) << outcome_;
  }

  std::optional<EchoServer> server_;
  std::string address_;
  std::thread thread_;
  absl::Status outcome_;
};

TEST_F(TcpEchoTest, AnEchoIsWhatWasSent) {
  auto one = EchoClient::Connect(address_, EchoMode::kEcho);
  auto other = EchoClient::Connect(address_, EchoMode::kEcho);
  ASSERT_TRUE(one.ok() && other.ok()) << one.status() << other.status();
  ASSERT_TRUE(one->Send("abc", 3).ok());
  ASSERT_TRUE(other->Send("xyz", 3).ok());
  char bytes[3];
  ASSERT_TRUE(other->Receive(bytes, 3).ok());
  EXPECT_EQ(std::string(bytes, 3), "xyz");
  ASSERT_TRUE(one->Receive(bytes, 3).ok());
  EXPECT_EQ(std::string(bytes, 3), "abc");
}

TEST_F(TcpEchoTest, ASinkAnswersItsEndOnly) {
  auto sink = EchoClient::Connect(address_, EchoMode::kSink);
  ASSERT_TRUE(sink.ok()) << sink.status();
  const std::string text(5'000'000, 'x');
  ASSERT_TRUE(sink->Send(text.data(), text.size()).ok());
  ASSERT_TRUE(sink->EndSending().ok());
  char answer = 0;
  ASSERT_TRUE(sink->Receive(&answer, 1).ok());
  EXPECT_EQ(answer, '!');
  EXPECT_TRUE(absl::IsUnavailable(sink->Receive(&answer, 1)));
}

TEST(TcpEchoServerTest, AServerWithoutClientsEndsInTime) {
  auto server = EchoServer::Listen(0, /*on_loopback=*/true);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(server->Run(absl::Milliseconds(1), absl::Milliseconds(1))));
}

TEST(TcpEchoServerTest, AServerForOtherHostsIsReachedOverIpv4AndIpv6) {
  for (const char* host : {"127.0.0.1", "[::1]"}) {
    auto server = EchoServer::Listen(0, /*on_loopback=*/false);
    ASSERT_TRUE(server.ok()) << server.status();
    const auto client =
        EchoClient::Connect(absl::StrCat(host, ":", server->port()), EchoMode::kEnd);
    if (StatusErrno(client.status()) == EADDRNOTAVAIL) {
      GTEST_SKIP() << "NOT TESTED: this machine has no " << host;
    }
    ASSERT_TRUE(client.ok()) << client.status();
    EXPECT_TRUE(server->Run(kTcpCallMax, kTcpCallMax).ok());
  }
}

TEST(TcpEchoServerTest, ATakenPortIsAnError) {
  auto server = EchoServer::Listen(0, /*on_loopback=*/true);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(StatusErrno(EchoServer::Listen(server->port(), true).status()), EADDRINUSE);
}

TEST(TcpEchoClientTest, AnAddressThatCannotBeIsAnError) {
  EXPECT_TRUE(absl::IsInvalidArgument(EchoClient::Connect("x", EchoMode::kEcho).status()));
  EXPECT_EQ(StatusErrno(EchoClient::Connect("127.0.0.1:1", EchoMode::kEcho).status()),
            ECONNREFUSED);
}

}  // namespace
}  // namespace coppice
