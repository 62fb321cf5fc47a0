#include "rpc/server.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/health.grpc.pb.h"
#include "rpc/testing/fake_timer.h"
#include "rpc/testing/wire_pair.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"

namespace coppice {
namespace {

using grpc::health::v1::HealthCheckResponse;
using testing::EndsWith;
using testing::HasSubstr;

class ServerTest : public testing::Test {
 protected:
  std::string Socket() const { return directory_.path() + "/peer"; }

  static absl::StatusOr<std::unique_ptr<RunningServer>> Start(const std::string& address) {
    return StartPeerServer({.listen_addresses = {address}});
  }

  // The state that the health service tells, or how the call failed.
  static std::string Health(const std::string& address, const std::string& service) {
    const auto stub = grpc::health::v1::Health::NewStub(
        grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    const grpc::Status status = stub->Check(&context, request, &response);
    return status.ok() ? HealthCheckResponse::ServingStatus_Name(response.status())
                       : absl::StrCat("code ", status.error_code());
  }

  static mode_t ModeOf(const std::string& path) {
    struct stat attributes;
    return stat(path.c_str(), &attributes) == 0 ? attributes.st_mode & 07777 : 0;
  }

  // A socket as a dead server leaves it: bound, with nobody listening.
  static void LeaveStaleSocket(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    close(fd);
  }

  SocketDirectory directory_;
};

TEST_F(ServerTest, TheSocketIsPrivateInAPrivateDirectoryThatIsMade) {
  const std::string directory = directory_.path() + "/new";
  const auto server = Start(absl::StrCat("unix:", directory, "/peer"));
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(ModeOf(directory), 0700u);
  EXPECT_EQ(ModeOf(directory + "/peer"), 0600u);
  EXPECT_EQ(Health(absl::StrCat("unix:", directory, "/peer"), ""), "SERVING");
}

TEST_F(ServerTest, HealthIsServingForTheServerAndThePeerUntilItIsSaidNotToBe) {
  const auto server = Start("unix:" + Socket());
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string address = "unix:" + Socket();
  EXPECT_EQ(Health(address, ""), "SERVING");
  EXPECT_EQ(Health(address, "coppice.v1.Peer"), "SERVING");
  EXPECT_EQ(Health(address, "no.such.Service"), "code 5");  // NOT_FOUND
  (*server)->SetServing(false);
  EXPECT_EQ(Health(address, "coppice.v1.Peer"), "NOT_SERVING");
  EXPECT_EQ(Health(address, ""), "NOT_SERVING");
}

// One request to the reflection service, as bytes of its message; the answer's bytes.
std::string Reflect(const std::string& address, const std::string& request_bytes) {
  grpc::GenericStub stub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  const grpc::Slice slice(request_bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer reply;
  grpc::ClientContext context;
  Answer<bool> finished;
  const auto done = std::make_shared<Done<bool>>(finished.MakeDone());
  stub.UnaryCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", {},
                 &request, &reply, [done](grpc::Status status) {
                   EXPECT_TRUE(status.ok()) << status.error_message();
                   std::move (*done)(status.ok());
                 });
  finished.Await().IgnoreError();
  grpc::Slice whole;
  return reply.Valid() && reply.DumpToSingleSlice(&whole).ok()
             ? std::string(reinterpret_cast<const char*>(whole.begin()), whole.size())
             : "";
}

TEST_F(ServerTest, ReflectionNamesTheServicesAndDescribesHealth) {
  FakeTimer timer;
  MemorySource memory(timer.clock());
  WirePair pair(memory, timer.clock(), timer);
  const std::string address = pair.server().addresses()[0];
  // ServerReflectionRequest.list_services is field 7, file_containing_symbol field 4.
  const std::string services = Reflect(address, std::string("\x3a\0", 2));
  EXPECT_THAT(services, HasSubstr("coppice.v1.Peer"));
  EXPECT_THAT(services, HasSubstr("grpc.health.v1.Health"));
  EXPECT_THAT(Reflect(address, "\x22\x15grpc.health.v1.Health"), HasSubstr("HealthCheckRequest"));
  EXPECT_THAT(Reflect(address,
                      "\x22\x0f"
                      "coppice.v1.Peer"),
              HasSubstr("ReadDirPlus"));
}

TEST_F(ServerTest, ALiveSocketIsNotReplaced) {
  const auto first = Start("unix:" + Socket());
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Start("unix:" + Socket());
  EXPECT_EQ(StatusErrno(second.status()), EADDRINUSE) << second.status();
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("is in use: another peer_server?"));
  EXPECT_EQ(Health("unix:" + Socket(), ""), "SERVING");
}

TEST_F(ServerTest, AStaleSocketIsReplaced) {
  LeaveStaleSocket(Socket());
  const auto server = Start("unix:" + Socket());
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(Health("unix:" + Socket(), ""), "SERVING");
}

TEST_F(ServerTest, ShutdownRemovesTheSocketAndMayBeCalledTwice) {
  const auto server = Start("unix:" + Socket());
  ASSERT_TRUE(server.ok()) << server.status();
  (*server)->Shutdown(absl::Seconds(1));
  EXPECT_FALSE(std::filesystem::exists(Socket()));
  (*server)->Shutdown(absl::Seconds(1));
}

TEST_F(ServerTest, AFileInTheSocketsPlaceIsKept) {
  std::ofstream(Socket()) << "precious";
  EXPECT_EQ(StatusErrno(Start("unix:" + Socket()).status()), EEXIST);
  EXPECT_EQ(std::filesystem::file_size(Socket()), 8u);
}

TEST_F(ServerTest, ADirectoryThatOthersMayEnterIsRefusedWithTheCure) {
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
  const absl::Status status = Start("unix:" + Socket()).status();
  EXPECT_EQ(StatusErrno(status), EACCES);
  EXPECT_THAT(std::string(status.message()), HasSubstr("chmod 700"));
}

TEST_F(ServerTest, ADirectoryBehindALinkOfAnotherUserIsRefused) {
  const std::string place = directory_.path() + "/place", link = directory_.path() + "/link";
  ASSERT_EQ(mkdir(place.c_str(), 0700), 0);
  ASSERT_EQ(symlink(place.c_str(), link.c_str()), 0);
  EXPECT_TRUE(Start("unix:" + link + "/peer").ok());  // our own
  constexpr uid_t kOther = 12345;
  if (lchown(link.c_str(), kOther, kOther) != 0) {
    GTEST_SKIP() << "NOT TESTED: only root can make a link of another user";
  }
  EXPECT_EQ(StatusErrno(Start("unix:" + link + "/peer").status()), EACCES);
}

TEST_F(ServerTest, ADirectoryInADirectoryThatIsMissingIsAnError) {
  EXPECT_EQ(StatusErrno(Start("unix:" + directory_.path() + "/a/b/peer").status()), ENOENT);
}

TEST_F(ServerTest, ADirectoryThatIsAFileIsAnError) {
  std::ofstream(directory_.path() + "/file") << "x";
  EXPECT_EQ(StatusErrno(Start("unix:" + directory_.path() + "/file/peer").status()), ENOTDIR);
}

TEST_F(ServerTest, AddressesThatCannotBeAreInvalid) {
  for (const std::string& address :
       {std::string("unix:relative"), "unix:/tmp/" + std::string(200, 'x'), std::string("host"),
        std::string(":7117"), std::string("host:port"), std::string("host:70000"),
        std::string("no-such-host.invalid:7117")}) {
    const absl::Status status = Start(address).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << address << ": " << status;
  }
}

TEST_F(ServerTest, ABusyPortIsNamedWithTheCure) {
  const auto first = Start("127.0.0.1:0");
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string address = (*first)->addresses()[0];
  EXPECT_THAT(address, testing::Not(EndsWith(":0")));
  EXPECT_EQ(Health(address, ""), "SERVING");
  const absl::Status busy = Start(address).status();
  EXPECT_EQ(StatusErrno(busy), EADDRINUSE) << busy;
  const std::string port = address.substr(address.rfind(':') + 1);
  EXPECT_THAT(std::string(busy.message()),
              HasSubstr(absl::StrCat(
                  "port ", port, " of 127.0.0.1 is in use: another peer_server? use --listen")));
}

// gRPC alone would be content with the addresses that are left.
TEST_F(ServerTest, AWildcardOfWhichOneAddressIsTakenIsBusy) {
  const auto first = Start("[::1]:0");
  if (!first.ok()) GTEST_SKIP() << "SKIPPED: this machine has no IPv6: " << first.status();
  absl::string_view port = (*first)->addresses()[0];
  ASSERT_TRUE(absl::ConsumePrefix(&port, "[::1]:"));
  EXPECT_EQ(StatusErrno(Start(absl::StrCat("[::]:", port)).status()), EADDRINUSE);
}

TEST_F(ServerTest, AHostNameServesAtItsAddress) {
  const auto server = Start("localhost:0");
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(Health((*server)->addresses()[0], ""), "SERVING") << (*server)->addresses()[0];
}

TEST_F(ServerTest, AnAddressOfAnotherMachineIsNamed) {
  const absl::Status status = Start("192.0.2.1:7117").status();  // TEST-NET-1, RFC 5737
  EXPECT_EQ(StatusErrno(status), EADDRNOTAVAIL) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("192.0.2.1 is no address of this machine"));
}

TEST_F(ServerTest, ABusyPortLeavesNoSocketBehind) {
  const auto first = Start("127.0.0.1:0");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_FALSE(
      StartPeerServer({.listen_addresses = {"unix:" + Socket(), (*first)->addresses()[0]}}).ok());
  EXPECT_TRUE(Start("unix:" + Socket()).ok());
}

TEST_F(ServerTest, BothAddressesServeTheSame) {
  const auto server = StartPeerServer({.listen_addresses = {"unix:" + Socket(), "127.0.0.1:0"}});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(Health((*server)->addresses()[0], "coppice.v1.Peer"), "SERVING");
  EXPECT_EQ(Health((*server)->addresses()[1], "coppice.v1.Peer"), "SERVING");
}

TEST_F(ServerTest, ShutdownWaitsForTheCallsInFlight) {
  FakeTimer timer;
  MemorySource memory(timer.clock());
  WirePair pair(memory, timer.clock(), timer);
  memory.Hold(MemorySource::Kind::kAttributes);
  Answer<PathState> answer;
  pair.client().GetAttributes(Path(), {}, answer.MakeDone());
  memory.AwaitHeld(MemorySource::Kind::kAttributes, 1);
  std::thread releasing([&memory] { memory.Release(MemorySource::Kind::kAttributes); });
  pair.service().Close();  // or the stream of the client would last for the whole grace
  pair.server().Shutdown(absl::Minutes(1));
  releasing.join();
  EXPECT_TRUE(answer.Await().ok()) << answer.Await().status();
}

}  // namespace
}  // namespace coppice
