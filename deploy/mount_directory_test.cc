#include "deploy/mount_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MountDirectoryTest : public testing::Test {
 protected:
  MountDirectoryTest() : root_(absl::StrCat(testing::TempDir(), "mount_directory.XXXXXX")) {
    EXPECT_NE(mkdtemp(root_.data()), nullptr);
  }
  static bool Exists(const std::string& path) {
    struct stat status;
    return lstat(path.c_str(), &status) == 0;
  }

  std::string root_;
};

TEST_F(MountDirectoryTest, MissingDirectoriesAreMadeAndNamedAndRemovedAgain) {
  const auto made = PrepareMountDirectory(root_ + "/a/b");
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->made, ElementsAre(root_ + "/a", root_ + "/a/b"));
  RemoveMadeDirectories(made->made);
  EXPECT_FALSE(Exists(root_ + "/a"));
  EXPECT_TRUE(Exists(root_));
}

TEST_F(MountDirectoryTest, ADirectoryThatWasThereIsNotOurs) {
  const auto made = PrepareMountDirectory(root_);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->made, IsEmpty());
}

TEST_F(MountDirectoryTest, ThePathIsGivenWithoutSymbolicLinks) {
  ASSERT_EQ(symlink(root_.c_str(), (root_ + "/link").c_str()), 0);
  const auto made = PrepareMountDirectory(root_ + "/link/a");
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->path, std::filesystem::canonical(root_).string() + "/a");
}

TEST_F(MountDirectoryTest, ADirectoryThatSomebodyUsesMeanwhileStays) {
  const auto made = PrepareMountDirectory(root_ + "/a/b");
  ASSERT_TRUE(made.ok()) << made.status();
  std::ofstream(root_ + "/a/file") << "x";
  RemoveMadeDirectories(made->made);
  EXPECT_FALSE(Exists(root_ + "/a/b"));
  EXPECT_TRUE(Exists(root_ + "/a/file"));
}

TEST_F(MountDirectoryTest, AFileInTheWayIsNamedAndNothingIsLeft) {
  std::ofstream(root_ + "/file") << "x";
  const auto made = PrepareMountDirectory(root_ + "/file/b");
  EXPECT_EQ(StatusErrno(made.status()), ENOTDIR);
  EXPECT_THAT(std::string(made.status().message()), HasSubstr(root_ + "/file"));
}

TEST_F(MountDirectoryTest, ADirectoryThatCannotBeMadeIsNamed) {
  const auto made = PrepareMountDirectory("/proc/no_directory_here");
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("/proc/no_directory_here"));
}

TEST_F(MountDirectoryTest, AWayThroughAnotherUsersDirectoryInASharedOneIsRefused) {
  const std::string shared = root_ + "/shared", inside = shared + "/name";
  ASSERT_EQ(mkdir(shared.c_str(), 0755), 0);
  ASSERT_EQ(mkdir(inside.c_str(), 0755), 0);
  constexpr uid_t kOther = 12345;
  if (lchown(inside.c_str(), kOther, kOther) != 0) {
    GTEST_SKIP() << "NOT TESTED: only root can make a directory of another user";
  }
  // Not shared: whoever chose the way knows whom to trust.
  EXPECT_TRUE(PrepareMountDirectory(inside + "/coppice").ok());
  ASSERT_EQ(chmod(shared.c_str(), 01777), 0);
  const absl::Status refused = PrepareMountDirectory(inside + "/coppice").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr(inside));
  // A link is as bad.
  ASSERT_EQ(symlink(root_.c_str(), (shared + "/link").c_str()), 0);
  EXPECT_TRUE(PrepareMountDirectory(shared + "/link/a").ok());
  ASSERT_EQ(lchown((shared + "/link").c_str(), kOther, kOther), 0);
  EXPECT_EQ(PrepareMountDirectory(shared + "/link/a").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(MountDirectoryTest, WhereNothingIsMountedNothingIsUnmounted) {
  const auto outcome = UnmountCoppice(root_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome, UnmountOutcome::kWasNotMounted);
}

TEST_F(MountDirectoryTest, OtherFileSystemsAreLeftMounted) {
  const auto outcome = UnmountCoppice("/proc");
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome, UnmountOutcome::kWasNotMounted);
  EXPECT_TRUE(Exists("/proc/self"));
}

}  // namespace
}  // namespace coppice
