#include "deploy/launcher/node_checks.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"
#include "deploy/mount_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

// A port of the loopback that somebody listens on.
class TakenPort {
 public:
  TakenPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(socket_.get(), any, size), 0);
    EXPECT_EQ(listen(socket_.get(), 1), 0);
    EXPECT_EQ(getsockname(socket_.get(), any, &size), 0);
    port_ = absl::StrCat(ntohs(address.sin_port));
  }
  const std::string& port() const { return port_; }
  void Free() { socket_.Reset(); }

 private:
  FileDescriptor socket_;
  std::string port_;
};

TEST(CheckPortsTest, APortThatSomebodyListensOnIsNamedWithTheCure) {
  TakenPort taken;
  const absl::Status status = CheckPorts({"127.0.0.1:0", "127.0.0.1:" + taken.port()});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("port " + taken.port() + " is taken"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--port"));
  // By its name, too.
  EXPECT_FALSE(CheckPorts({"localhost:" + taken.port()}).ok());
  taken.Free();
  EXPECT_TRUE(CheckPorts({"127.0.0.1:" + taken.port()}).ok());
}

TEST(CheckPortsTest, AFreePortWillDoAlsoOfIpv6) {
  EXPECT_TRUE(CheckPorts({"127.0.0.1:0", "[::1]:0"}).ok());
  EXPECT_TRUE(CheckPorts({}).ok());
}

// The peer itself says what is wrong with these.
TEST(CheckPortsTest, WhatIsNoAddressOfThisMachineIsNotTaken) {
  TakenPort taken;
  // RFC 5737: of nobody.
  EXPECT_TRUE(CheckPorts({"192.0.2.1:" + taken.port()}).ok());
  EXPECT_TRUE(CheckPorts({"no such host:" + taken.port(), "without-a-port", ""}).ok());
}

class RemoveDeadMountTest : public testing::Test {
 protected:
  void SetUp() override {
    // Mounts of its own: nothing is left behind, however the test ends.
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", folder_.c_str(), "tmpfs", 0, nullptr) != 0) {
      GTEST_SKIP() << "NOT TESTED: mounting in a namespace of its own needs root";
    }
    std::filesystem::create_directory(point_);
  }
  ~RemoveDeadMountTest() override {
    umount2(folder_.c_str(), MNT_DETACH);
    rmdir(folder_.c_str());
  }

  // A mount whose client is gone. False: this machine has no FUSE.
  bool MountDead(const std::string& type) {
    const FileDescriptor fuse(open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!fuse.valid()) return false;
    const std::string options =
        absl::StrCat("fd=", fuse.get(), ",rootmode=40000,user_id=0,group_id=0");
    EXPECT_EQ(mount("coppice", point_.c_str(), type.c_str(), 0, options.c_str()), 0);
    return true;
  }

  static std::string MakeFolder() {
    std::string folder = "/tmp/node_checks_XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    return folder;
  }

  const std::string folder_ = MakeFolder();
  const std::string point_ = folder_ + "/mount";
};

TEST_F(RemoveDeadMountTest, OursIsTakenAwayWhenItsClientHasDied) {
  if (!MountDead("fuse.coppice")) GTEST_SKIP() << "NOT TESTED: this machine has no FUSE";
  ASSERT_EQ(*MountTypeAt(point_), kCoppiceMountType);
  EXPECT_TRUE(RemoveDeadMount(point_).ok()) << RemoveDeadMount(point_);
  EXPECT_EQ(*MountTypeAt(point_), "");
}

TEST_F(RemoveDeadMountTest, ThatOfAnotherProgramStays) {
  if (!MountDead("fuse.other")) GTEST_SKIP() << "NOT TESTED: this machine has no FUSE";
  EXPECT_TRUE(RemoveDeadMount(point_).ok());
  EXPECT_EQ(*MountTypeAt(point_), "fuse.other");
}

TEST_F(RemoveDeadMountTest, ADirectoryOrNothingIsNoError) {
  EXPECT_TRUE(RemoveDeadMount(point_).ok());
  EXPECT_TRUE(RemoveDeadMount(folder_ + "/nothing").ok());
  EXPECT_TRUE(RemoveDeadMount(folder_).ok());
  EXPECT_EQ(*MountTypeAt(folder_), "tmpfs");
}

}  // namespace
}  // namespace coppice
