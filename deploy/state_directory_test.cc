#include "deploy/state_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
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

class StateDirectoryTest : public testing::Test {
 protected:
  StateDirectoryTest() : top_(absl::StrCat(testing::TempDir(), "state_directory.XXXXXX")) {
    EXPECT_NE(mkdtemp(top_.data()), nullptr);
    root_ = top_ + "/root";
  }
  static mode_t Mode(const std::string& path) {
    struct stat status;
    return lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }
  static bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

  std::string top_;
  std::string root_;
};

TEST_F(StateDirectoryTest, RootServiceAndNodeAreClosedToOthers) {
  const auto state = StateDirectory::Create(root_, "local");
  ASSERT_TRUE(state.ok()) << state.status();
  const auto node = state->MakeNodeDirectory("node0");
  ASSERT_TRUE(node.ok()) << node.status();
  for (const std::string& path : {root_, root_ + "/local", *node}) {
    EXPECT_EQ(Mode(path), 0700u) << path;
  }
}

TEST_F(StateDirectoryTest, ADirectoryThatStoodOpenIsClosed) {
  ASSERT_EQ(mkdir(root_.c_str(), 0755), 0);
  ASSERT_TRUE(StateDirectory::Create(root_, "local").ok());
  EXPECT_EQ(Mode(root_), 0700u);
}

TEST_F(StateDirectoryTest, ASymbolicLinkInItsPlaceIsRefused) {
  ASSERT_EQ(symlink(top_.c_str(), root_.c_str()), 0);
  const auto state = StateDirectory::Create(root_, "local");
  EXPECT_EQ(state.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(state.status().message()), HasSubstr(root_));
}

TEST_F(StateDirectoryTest, ASymbolicLinkInPlaceOfTheServiceIsRefused) {
  ASSERT_EQ(mkdir(root_.c_str(), 0700), 0);
  ASSERT_EQ(symlink(top_.c_str(), (root_ + "/local").c_str()), 0);
  EXPECT_EQ(StateDirectory::Create(root_, "local").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(StateDirectoryTest, ADirectoryOfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: only root can give a directory away";
  ASSERT_EQ(mkdir(root_.c_str(), 0777), 0);
  ASSERT_EQ(chown(root_.c_str(), 12345, 12345), 0);
  const auto state = StateDirectory::Create(root_, "local");
  EXPECT_EQ(state.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(state.status().message()), HasSubstr("belongs to user 12345"));
}

TEST_F(StateDirectoryTest, OneHolderAtATime) {
  auto first = StateDirectory::Create(root_, "local");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(StateDirectory::Create(root_, "local").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(StateDirectory::Open(root_, "local").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(StateDirectory::Create(root_, "other").ok());
  { const StateDirectory released = *std::move(first); }
  EXPECT_TRUE(StateDirectory::Open(root_, "local").ok());
}

TEST_F(StateDirectoryTest, OpeningMakesNothing) {
  EXPECT_EQ(StatusErrno(StateDirectory::Open(root_, "local").status()), ENOENT);
  EXPECT_FALSE(Exists(root_));
}

TEST_F(StateDirectoryTest, ServicesAreListedByName) {
  EXPECT_THAT(*StateDirectory::List(root_), IsEmpty());
  ASSERT_TRUE(StateDirectory::Create(root_, "b").ok());
  ASSERT_TRUE(StateDirectory::Create(root_, "a").ok());
  EXPECT_THAT(*StateDirectory::List(root_), ElementsAre("a", "b"));
}

TEST_F(StateDirectoryTest, AWrittenFileIsReadBackWithoutADraftLeft) {
  const auto state = StateDirectory::Create(root_, "local");
  ASSERT_TRUE(state.ok()) << state.status();
  ASSERT_TRUE(state->WriteFile("service.json", "one").ok());
  ASSERT_TRUE(state->WriteFile("service.json", "two").ok());
  EXPECT_EQ(*state->ReadFile("service.json"), "two");
  EXPECT_FALSE(Exists(state->File("service.json.new")));
  EXPECT_EQ(StatusErrno(state->ReadFile("missing").status()), ENOENT);
}

TEST_F(StateDirectoryTest, RemovalTakesTheRootAlongWithTheLastService) {
  auto first = StateDirectory::Create(root_, "first");
  auto second = StateDirectory::Create(root_, "second");
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_TRUE(first->MakeNodeDirectory("node0").ok());
  ASSERT_TRUE(first->WriteFile("node0/peer.log", "x").ok());
  EXPECT_TRUE(first->Remove().ok());
  EXPECT_TRUE(Exists(root_ + "/second"));
  EXPECT_TRUE(second->Remove().ok());
  EXPECT_FALSE(Exists(root_));
}

TEST_F(StateDirectoryTest, RemovalNeverFollowsASymbolicLink) {
  auto state = StateDirectory::Create(root_, "local");
  ASSERT_TRUE(state.ok()) << state.status();
  ASSERT_EQ(mkdir((top_ + "/theirs").c_str(), 0700), 0);
  ASSERT_EQ(mkdir((top_ + "/theirs/inner").c_str(), 0700), 0);
  ASSERT_EQ(symlink((top_ + "/theirs").c_str(), state->File("node0").c_str()), 0);
  EXPECT_TRUE(state->Remove().ok());
  EXPECT_TRUE(Exists(top_ + "/theirs/inner"));
}

TEST_F(StateDirectoryTest, NamesThatAreNoPlainWordAreRefused) {
  for (const char* name : {"", ".", "..", "a/b", ".hidden", "a b", "a\n"}) {
    EXPECT_EQ(StateDirectory::CheckServiceName(name).code(), absl::StatusCode::kInvalidArgument)
        << name;
  }
  EXPECT_FALSE(StateDirectory::CheckServiceName(std::string(65, 'a')).ok());
  EXPECT_TRUE(StateDirectory::CheckServiceName("demo-1.2_x").ok());
}

}  // namespace
}  // namespace coppice
