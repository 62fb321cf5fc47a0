#include "common/absolute_path.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(AbsolutePathTest, ARelativePathIsBelowTheDirectory) {
  EXPECT_EQ(AbsolutePath("here", "/home/ada"), "/home/ada/here");
  EXPECT_EQ(AbsolutePath(".", "/home/ada"), "/home/ada");
  EXPECT_EQ(AbsolutePath("", "/home/ada/"), "/home/ada");
  EXPECT_EQ(AbsolutePath("../bob/./x/..", "/home/ada"), "/home/bob");
}

TEST(AbsolutePathTest, AnAbsolutePathIsOnlyTidied) {
  EXPECT_EQ(AbsolutePath("/data//set/", "/home/ada"), "/data/set");
  EXPECT_EQ(AbsolutePath("/a/b/..", "/home/ada"), "/a");
}

TEST(AbsolutePathTest, AboveTheRootIsTheRoot) {
  EXPECT_EQ(AbsolutePath("/", "/home"), "/");
  EXPECT_EQ(AbsolutePath("../../..", "/home"), "/");
}

}  // namespace
}  // namespace coppice
