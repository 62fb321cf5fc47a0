#include "source/coppice_mounts.h"

#include <cerrno>
#include <string>
#include <vector>

#include "common/status.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

using Strings = std::vector<std::string>;

std::vector<Path> Paths(const Strings& texts) {
  std::vector<Path> paths;
  for (const std::string& text : texts) paths.push_back(Path::Parse(text).value());
  return paths;
}

TEST(ParseCoppiceMountPointsTest, OnlyOurTypeCounts) {
  EXPECT_EQ(ParseCoppiceMountPoints(
                "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                "40 22 0:40 / /tmp/u/coppice ro,nosuid shared:3 - fuse.coppice coppice ro\n"
                "41 22 0:41 / /tmp/u/other rw - fuse.sshfs fuse.coppice rw\n"
                "42 22 0:42 / /tmp/fuse.coppice rw - fuse.coppice2 x rw\n"),
            Strings{"/tmp/u/coppice"});
}

TEST(ParseCoppiceMountPointsTest, AnyNumberOfOptionalFieldsIsPassedOver) {
  EXPECT_EQ(ParseCoppiceMountPoints("1 2 0:1 / /a ro - fuse.coppice x ro\n"
                                    "1 2 0:1 / /b ro shared:1 - fuse.coppice x ro\n"
                                    "1 2 0:1 / /c ro shared:1 master:2 - fuse.coppice x ro"),
            (Strings{"/a", "/b", "/c"}));
}

TEST(ParseCoppiceMountPointsTest, OctalEscapesAreUndone) {
  EXPECT_EQ(
      ParseCoppiceMountPoints("1 2 0:1 / /my\\040mount\\011\\012\\134x ro - fuse.coppice x ro"),
      Strings{"/my mount\t\n\\x"});
  EXPECT_EQ(ParseCoppiceMountPoints("1 2 0:1 / /end\\04 ro - fuse.coppice x ro"),
            Strings{"/end\\04"});
}

TEST(ParseCoppiceMountPointsTest, WhatIsNotUnderstoodIsPassedOver) {
  EXPECT_EQ(ParseCoppiceMountPoints(""), Strings{});
  EXPECT_EQ(ParseCoppiceMountPoints("\n\n1 2 3\n1 2 0:1 / /a ro -\n1 2 0:1 / /a ro fuse.coppice\n"),
            Strings{});
}

TEST(MountsBelowTest, AreRelativeToTheExportRootByWholeComponents) {
  const Strings mount_points = {"/tmp/u/coppice", "/lus", "/lustre/x"};
  EXPECT_EQ(MountsBelow(mount_points, "/"), Paths({"tmp/u/coppice", "lus", "lustre/x"}));
  EXPECT_EQ(MountsBelow(mount_points, "/tmp"), Paths({"u/coppice"}));
  EXPECT_EQ(MountsBelow(mount_points, "/tmp/u"), Paths({"coppice"}));
  EXPECT_EQ(MountsBelow(mount_points, "/tm"), Paths({}));
  EXPECT_EQ(MountsBelow(mount_points, "/home"), Paths({}));
}

TEST(MountsBelowTest, AnExportRootWithinAMountIsAllForbidden) {
  EXPECT_EQ(MountsBelow({"/tmp/u/coppice"}, "/tmp/u/coppice"), Paths({""}));
  EXPECT_EQ(MountsBelow({"/tmp/u/coppice"}, "/tmp/u/coppice/lus"), Paths({""}));
  EXPECT_EQ(MountsBelow({"/tmp/u/coppice"}, "/tmp/u/coppice_mount"), Paths({}));
}

class CoppiceMountsTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<CoppiceMounts>> Open(const std::string& export_root) {
    directory_.Write("mountinfo", "1 2 0:1 / /tmp/u/coppice ro - fuse.coppice x ro\n");
    return CoppiceMounts::Open(export_root, directory_.Below("mountinfo"));
  }
  static int AllowErrno(CoppiceMounts& mounts, const std::string& path) {
    return StatusErrno(mounts.Allow(Path::Parse(path).value()).status());
  }

  TemporaryDirectory directory_;
};

TEST_F(CoppiceMountsTest, AMountAndAllBelowIsELOOPAndAllElseIsAllowed) {
  const auto mounts = Open("/").value();
  EXPECT_EQ(AllowErrno(*mounts, "tmp/u/coppice"), ELOOP);
  EXPECT_EQ(AllowErrno(*mounts, "tmp/u/coppice/lus/file"), ELOOP);
  EXPECT_EQ(AllowErrno(*mounts, "tmp/u/coppice_mount"), 0);
  EXPECT_EQ(AllowErrno(*mounts, "tmp/u"), 0);
  EXPECT_EQ(AllowErrno(*mounts, ""), 0);
  EXPECT_EQ(*mounts->Current().value(), Paths({"tmp/u/coppice"}));
}

TEST_F(CoppiceMountsTest, TheErrorNamesTheMountAndTheReason) {
  const auto mounts = Open("/").value();
  const absl::Status status = mounts->Allow(Path::Parse("tmp/u/coppice/x").value()).status();
  EXPECT_NE(status.message().find("'tmp/u/coppice' is a Coppice mount"), std::string::npos)
      << status;
}

TEST_F(CoppiceMountsTest, AnExportRootWithinAMountIsRefused) {
  EXPECT_EQ(StatusErrno(Open("/tmp/u/coppice").status()), ELOOP);
  EXPECT_EQ(StatusErrno(Open("/tmp/u/coppice/lus").status()), ELOOP);
}

TEST_F(CoppiceMountsTest, WithoutTheKernelsListNothingIsOpened) {
  EXPECT_EQ(StatusErrno(CoppiceMounts::Open("/", directory_.Below("missing")).status()), ENOENT);
}

}  // namespace
}  // namespace coppice
