#include "fuse_client/fuse_device.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/file_descriptor.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

class FuseDeviceTest : public testing::Test {
 protected:
  ~FuseDeviceTest() override { std::filesystem::remove_all(folder_); }

  static std::string MakeFolder() {
    std::string name = testing::TempDir() + "/fuse_device_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    return name;
  }

  const std::string folder_ = MakeFolder();
};

TEST_F(FuseDeviceTest, AMissingDeviceIsNoFuse) {
  const absl::Status missing = CheckFuseDevice(folder_ + "/none");
  EXPECT_EQ(StatusErrno(missing), ENOENT);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("no FUSE"));
  EXPECT_THAT(std::string(missing.message()), HasSubstr("module"));
}

TEST_F(FuseDeviceTest, WhatIsNotTheDeviceIsNoFuse) {
  std::ofstream(folder_ + "/file") << "x";
  for (const std::string& other : {folder_ + "/file", std::string("/dev/null")}) {
    const absl::Status status = CheckFuseDevice(other);
    EXPECT_EQ(StatusErrno(status), ENODEV) << other;
    EXPECT_THAT(std::string(status.message()), HasSubstr("something else is at " + other));
  }
}

TEST_F(FuseDeviceTest, AForbiddenDeviceIsToldApartFromAMissingOne) {
  if (geteuid() == 0) GTEST_SKIP() << "NOT TESTED: root may open every device";
  std::ofstream(folder_ + "/device") << "x";
  ASSERT_EQ(chmod((folder_ + "/device").c_str(), 0), 0);
  const absl::Status forbidden = CheckFuseDevice(folder_ + "/device");
  EXPECT_EQ(StatusErrno(forbidden), EACCES);
  EXPECT_THAT(std::string(forbidden.message()), HasSubstr("may not use"));
}

TEST_F(FuseDeviceTest, TheDeviceItselfWillDo) {
  const FileDescriptor fuse(open(kFuseDevice, O_RDWR | O_CLOEXEC));
  if (!fuse.valid()) GTEST_SKIP() << "NOT TESTED: this machine has no FUSE, or not for this user";
  EXPECT_TRUE(CheckFuseDevice().ok()) << CheckFuseDevice();
}

}  // namespace
}  // namespace coppice
