// Mounts within the exported tree: names that begin alike, and Coppice seen through Coppice.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "deploy/end_to_end/entries.h"
#include "deploy/end_to_end/mounted_tree_fixture.h"
#include "deploy/testing/program_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

// The export root holds the mount point: top/coppice, beside top/coppice_mount and others.
class NestingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"coppice", "coppice_mount", "coppic", "other/coppice"}) {
      std::filesystem::create_directories(tree_.Original(absl::StrCat("top/", name)));
      std::ofstream(tree_.Original(absl::StrCat("top/", name, "/file"))) << "text of " << name;
    }
    const absl::Status mounted = tree_.Mount({.mount_point = tree_.Original("top/coppice")});
    if (absl::IsUnavailable(mounted)) GTEST_SKIP() << "NOT TESTED: " << mounted;
    ASSERT_TRUE(mounted.ok()) << mounted;
  }

  std::string TextOf(const std::string& name) const {
    std::ifstream file(tree_.Shown(name));
    std::string text;
    std::getline(file, text);
    return text;
  }

  MountedTree tree_;
};

TEST_F(NestingTest, W10_DirectoriesWhoseNamesBeginLikeTheMountPointAreSeen) {
  for (const char* name : {"coppice_mount", "coppic", "other/coppice"}) {
    const std::string path = absl::StrCat("top/", name);
    EXPECT_EQ(TextOf(path + "/file"), absl::StrCat("text of ", name));
    EXPECT_EQ(EntriesBelow(tree_.Shown(path)), EntriesBelow(tree_.Original(path)));
    EXPECT_EQ(AttributesText(tree_.Shown(path)), AttributesText(tree_.Original(path)));
  }
}

TEST_F(NestingTest, CoppiceThroughCoppiceIsEloopAtOnce) {
  for (const char* name : {"top/coppice", "top/coppice/top", "top/coppice/top/coppice/top",
                           "top/coppice/file", "top/coppice/not there"}) {
    struct stat stat = {};
    EXPECT_EQ(ErrnoOf(lstat(tree_.Shown(name).c_str(), &stat)), ELOOP) << name;
    EXPECT_EQ(ErrnoOf(open(tree_.Shown(name).c_str(), O_RDONLY)), ELOOP) << name;
  }
  const ProgramRun run = RunProgram("/bin/ls", {tree_.Shown("top/coppice")}, {"LC_ALL=C"});
  EXPECT_FALSE(run.end.success());
  EXPECT_THAT(run.standard_error, HasSubstr("Too many levels of symbolic links"));
}

TEST_F(NestingTest, ATreeThatHoldsItsMountIsWalkedToItsEnd) {
  const ProgramRun run = RunProgram("/usr/bin/find", {tree_.Shown()}, {"LC_ALL=C"});
  EXPECT_NE(run.end.signal, -1) << "it did not end";
  const std::vector<std::string> lines = absl::StrSplit(run.standard_output, '\n');
  for (const char* name :
       {"/top/coppice_mount/file", "/top/coppic/file", "/top/other/coppice/file"}) {
    EXPECT_EQ(std::count(lines.begin(), lines.end(), tree_.Shown() + name), 1) << name;
  }
  EXPECT_THAT(run.standard_error, HasSubstr("Too many levels of symbolic links"));
  EXPECT_THAT(run.standard_output, testing::Not(HasSubstr(tree_.Shown("top/coppice/"))));
}

TEST_F(NestingTest, TheDirectoryAboveTheMountIsListed) {
  const ProgramRun run = RunProgram("/bin/ls", {"-U", tree_.Shown("top")}, {"LC_ALL=C"});
  EXPECT_TRUE(run.end.success()) << run.standard_error;
  for (const char* name : {"coppice_mount\n", "coppic\n", "other\n"}) {
    EXPECT_THAT(run.standard_output, HasSubstr(name));
  }
}

}  // namespace
}  // namespace coppice
