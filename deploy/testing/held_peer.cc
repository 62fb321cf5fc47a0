#include "deploy/testing/held_peer.h"

#include <arpa/inet.h>
#include <grpcpp/server_posix.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/descriptor_wait.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext* context) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace

HeldPeer::HeldPeer(bool listens)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_in own = {};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(own);
  auto* const generic = reinterpret_cast<sockaddr*>(&own);
  EXPECT_EQ(bind(socket_.get(), generic, size), 0) << strerror(errno);
  EXPECT_EQ(getsockname(socket_.get(), generic, &size), 0) << strerror(errno);
  address_ = absl::StrCat("127.0.0.1:", ntohs(own.sin_port));
  if (listens) {
    EXPECT_EQ(listen(socket_.get(), SOMAXCONN), 0) << strerror(errno);
  }
  grpc::ServerBuilder builder;
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

HeldPeer::~HeldPeer() { server_->Shutdown(std::chrono::system_clock::now()); }

bool HeldPeer::AwaitConnection(absl::Duration max) const {
  return WaitReadable({socket_.get()}, {.deadline = absl::Now() + max}).ok();
}

void HeldPeer::TakeConnection() {
  const int fd = accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  ASSERT_GE(fd, 0) << strerror(errno);
  grpc::AddInsecureChannelFromFd(server_.get(), fd);
}

grpc::ServerUnaryReactor* HeldPeer::Stop(grpc::CallbackServerContext* context,
                                         const v1::StopRequest*, v1::StopReply* reply) {
  reply->add_nodes()->set_node("n1");
  return Finish(context);
}

grpc::ServerUnaryReactor* HeldPeer::GetStatistics(grpc::CallbackServerContext* context,
                                                  const v1::GetStatisticsRequest*,
                                                  v1::GetStatisticsReply* reply) {
  reply->set_node("n1");
  return Finish(context);
}

}  // namespace coppice
