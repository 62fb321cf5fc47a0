#include "fuse_client/mount_point.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

std::string NewFolder() {
  std::string name = ::testing::TempDir() + "/mount_point_XXXXXX";
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  return name;
}

TEST(MountPointTest, AnyDirectoryWillDoAlsoOneThatIsNotEmpty) {
  const std::string folder = NewFolder();
  EXPECT_TRUE(CheckMountPoint(folder).ok());
  std::ofstream(folder + "/file") << "x";
  EXPECT_TRUE(CheckMountPoint(folder).ok());
}

TEST(MountPointTest, WhatIsMissingOrNoDirectoryIsNamed) {
  const std::string folder = NewFolder();
  const absl::Status missing = CheckMountPoint(folder + "/none");
  EXPECT_EQ(StatusErrno(missing), ENOENT);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("/none'"));
  std::ofstream(folder + "/file") << "x";
  EXPECT_EQ(StatusErrno(CheckMountPoint(folder + "/file")), ENOTDIR);
}

TEST(MountPointTest, FusermountIsSearchedForInEachFolder) {
  const std::string folder = NewFolder();
  EXPECT_EQ(StatusErrno(CheckFusermount("/none:" + folder)), ENOENT);
  std::ofstream(folder + "/fusermount3") << "x";
  ASSERT_EQ(chmod((folder + "/fusermount3").c_str(), 0755), 0);
  EXPECT_TRUE(CheckFusermount("/none:" + folder).ok());
}

}  // namespace
}  // namespace coppice
