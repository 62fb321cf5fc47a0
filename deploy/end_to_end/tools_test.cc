// What the tools that people compare and copy trees with find through Coppice: nothing that
// differs.
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/end_to_end/mounted_tree_fixture.h"
#include "deploy/end_to_end/sample_tree.h"
#include "deploy/testing/program_run.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

class ToolsTest : public MountedTreeTest {
 protected:
  static void SetUpTestSuite() {
    MountForSuite([](const MountedTree& tree) { FillSampleTree(tree.Original()); });
  }
  void SetUp() override {
    MountedTreeTest::SetUp();
    if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: files of mode 0 are read by root only";
  }

  // Its output; it must succeed without complaint.
  static std::string Output(const std::string& program, const std::vector<std::string>& arguments) {
    const ProgramRun run = RunProgram(program, arguments, {"LC_ALL=C"});
    EXPECT_TRUE(run.end.success()) << program << " " << run.end.Describe() << run.standard_error;
    EXPECT_EQ(run.standard_error, "") << program;
    return run.standard_output;
  }
  // Of a command line in which $1 is the tree.
  static std::string ShellOutput(const std::string& command, const std::string& tree) {
    return Output("/bin/sh", {"-c", command, "sh", tree});
  }
  static void ExpectSame(const std::string& command) {
    const std::string original = ShellOutput(command, Original());
    EXPECT_EQ(ShellOutput(command, Shown()), original) << command;
    EXPECT_GT(original.size(), 0u) << command;
  }
};

TEST_F(ToolsTest, FindPrintsTheSameOfEveryEntry) {
  // Of what is the same in two views: not %D and %F (the file system), %A (looking changes it).
  ExpectSame(
      "cd \"$1\" && find . -printf '%P %m %M %U %u %G %g %s %S %b %k %n %y %T@ %C@ %l %d %h %f\\0'"
      " | sort -z");
}

TEST_F(ToolsTest, FindFollowsLinksToTheSame) {
  // A link to the top would be a loop in the original and a second tree in the view.
  ExpectSame(
      "cd \"$1\" && find -L . -path ./links/absolute_root -prune -o -printf '%P %s %y %Y\\0' "
      "2>/dev/null | sort -z");
}

TEST_F(ToolsTest, TarMakesTheSameArchive) {
  ExpectSame("tar --sort=name --warning=no-file-ignored -c -C \"$1\" . | sha256sum");
}

TEST_F(ToolsTest, RsyncWouldCopyNothingAgain) {
  EXPECT_EQ(Output("/usr/bin/rsync", {"-n", "-c", "-a", "-H", "--delete", "--itemize-changes",
                                      Original() + "/", Shown() + "/"}),
            "");
}

TEST_F(ToolsTest, DiffFindsNoDifference) {
  // It cannot compare what is neither file, directory nor link.
  EXPECT_EQ(
      Output("/usr/bin/diff", {"-r", "--no-dereference", "--exclude=special", Original(), Shown()}),
      "");
}

TEST_F(ToolsTest, DuAddsUpTheSame) {
  ExpectSame("cd \"$1\" && du -s .");
  ExpectSame("cd \"$1\" && du -s --apparent-size -B1 .");
  ExpectSame("cd \"$1\" && du -s --inodes .");
}

TEST_F(ToolsTest, ACopyIsTheOriginal) {
  const std::string copy = Tree().work() + "/copy";
  Output("/bin/cp", {"-a", Shown(), copy});
  EXPECT_EQ(Output("/usr/bin/rsync", {"-n", "-c", "-a", "-H", "--delete", "--itemize-changes",
                                      Original() + "/", copy + "/"}),
            "");
}

TEST_F(ToolsTest, AnUnpackedArchiveIsTheOriginal) {
  const std::string copy = Tree().work() + "/unpacked";
  ShellOutput(
      absl::StrCat(
          "mkdir ", copy,
          " && tar --warning=no-file-ignored -c -C \"$1\" . | tar --warning=no-timestamp -x -p -C ",
          copy),
      Shown());
  EXPECT_EQ(Output("/usr/bin/rsync",
                   {"-n", "-c", "-a", "-H", "--delete", "--itemize-changes",
                    "--exclude=/special/socket", "--omit-dir-times", Original() + "/", copy + "/"}),
            "");
}

}  // namespace
}  // namespace coppice
