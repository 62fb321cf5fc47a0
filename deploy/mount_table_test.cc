#include "deploy/mount_table.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ParseMountInfoTest, MountPointAndTypeAreFoundWhateverTheOptionalFields) {
  EXPECT_THAT(ParseMountInfo("36 35 98:0 /mnt1 / rw,noatime master:1 shared:2 - ext3 /dev/root rw\n"
                             "37 35 0:44 / /tmp/u/coppice ro - fuse.coppice coppice ro\n"),
              ElementsAre(Mount{"/", "ext3"}, Mount{"/tmp/u/coppice", "fuse.coppice"}));
}

TEST(ParseMountInfoTest, EscapedCharactersAreGivenBack) {
  EXPECT_THAT(ParseMountInfo("37 35 0:44 / /a\\040b\\134c\\011 ro - fuse.coppice x ro\n"),
              ElementsAre(Mount{"/a b\\c\t", "fuse.coppice"}));
}

TEST(ParseMountInfoTest, ABackslashThatBeginsNoEscapeStays) {
  EXPECT_THAT(ParseMountInfo("37 35 0:44 / /a\\04 ro - tmpfs x ro\n"),
              ElementsAre(Mount{"/a\\04", "tmpfs"}));
}

TEST(ParseMountInfoTest, LinesThatAreNoMountAreLeftOut) {
  EXPECT_THAT(ParseMountInfo("\n37 35\n37 35 0:44 / /a ro\n37 35 0:44 / /a ro -\n"), IsEmpty());
}

TEST(MountTypeAtTest, TheProcFileSystemIsWhereItAlwaysIs) {
  const auto type = MountTypeAt("/proc");
  ASSERT_TRUE(type.ok()) << type.status();
  EXPECT_EQ(*type, "proc");
}

TEST(MountTypeAtTest, ADirectoryWithinAMountIsNone) {
  const auto type = MountTypeAt("/proc/self");
  ASSERT_TRUE(type.ok()) << type.status();
  EXPECT_EQ(*type, "");
}

}  // namespace
}  // namespace coppice
