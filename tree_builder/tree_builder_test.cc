// The program itself, run as users run it.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tree_builder/read_text.h"
#include "tree_builder/tree_file.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct Outcome {
  int exit_code = -1;
  std::string output;
  std::string errors;
};

std::string PathOf(const std::string& name) { return testing::TempDir() + "/" + name; }

// Runs the program with `hosts` on its standard input.
Outcome RunProgram(const std::string& arguments, const std::string& hosts,
                   const std::string& output = PathOf("output")) {
  std::ofstream(PathOf("hosts")) << hosts;
  const std::string command =
      absl::StrCat("tree_builder/tree_builder ", arguments, " < '", PathOf("hosts"), "' > '",
                   output, "' 2> '", PathOf("errors"), "'");
  const int status = system(command.c_str());
  Outcome outcome;
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  if (output == PathOf("output")) outcome.output = ReadTextFile(output).value();
  outcome.errors = ReadTextFile(PathOf("errors")).value();
  return outcome;
}

TEST(TreeBuilderTest, AHostListBecomesATreeFile) {
  const Outcome outcome = RunProgram("", "n1\nn1\nn2\n");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.errors, IsEmpty());
  EXPECT_EQ(outcome.output, *TreeFileText({{"n1", {"n1:7117"}}, {"n2", {"n2:7117"}}}, 4));
}

TEST(TreeBuilderTest, FlagsGiveFanoutPortAndFile) {
  std::ofstream(PathOf("list")) << "a\nb\nc localhost:1\n";
  const Outcome outcome =
      RunProgram(absl::StrCat("--fanout=2 --port 80 --hosts='", PathOf("list"), "'"), "ignored");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.output,
            *TreeFileText({{"a", {"a:80"}}, {"b", {"b:80"}}, {"c", {"localhost:1"}}}, 2));
}

TEST(TreeBuilderTest, HostsMayBeAnExpressionOnTheCommandLine) {
  const std::string tree =
      *TreeFileText({{"n1", {"n1-a:7117", "[::1]:7117"}}, {"n3", {"n3-a:7117", "[::2]:9"}}}, 4);
  const Outcome list = RunProgram("", "n1 n1-a:7117,[::1]:7117\nn3 n3-a:7117,[::2]:9\n");
  EXPECT_EQ(list.output, tree) << list.errors;
  const Outcome outcome = RunProgram("-w 'n[1-3]!n2' --addresses=%h-a,%h-b:9", "ignored");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.output,
            *TreeFileText({{"n1", {"n1-a:7117", "n1-b:9"}}, {"n3", {"n3-a:7117", "n3-b:9"}}}, 4));
  const Outcome wrong = RunProgram("--nodes 'n[1-'", "");
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.errors, HasSubstr("--nodes: line 1: column 2: '[' is never closed"));
}

TEST(TreeBuilderTest, TreesAreSeveralButNotMoreThanHosts) {
  const std::vector<Member> members = {{"a", {"a:7117"}}, {"b", {"b:7117"}}};
  const Outcome outcome = RunProgram("--trees=2", "a\nb\n");
  EXPECT_EQ(outcome.output, *TreeFileText(members, {.fanout = 4, .tree_count = 2}));
  EXPECT_THAT(outcome.errors, IsEmpty());
  const Outcome fewer = RunProgram("--trees=4", "a\nb\n");
  EXPECT_EQ(fewer.output, outcome.output);
  EXPECT_THAT(fewer.errors, HasSubstr("2 hosts: 2 trees instead of --trees=4"));
}

TEST(TreeBuilderTest, AWrongHostListIsExitCode1AndNoOutput) {
  for (const char* hosts : {"", "n1\nnid[1-2\n"}) {
    const Outcome outcome = RunProgram("", hosts);
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.output, IsEmpty());
    EXPECT_THAT(outcome.errors, StartsWith("tree_builder: standard input: "));
  }
  EXPECT_THAT(RunProgram("", "n1\nnid[1-2\n").errors,
              HasSubstr("line 2: column 4: '[' is never closed"));
}

TEST(TreeBuilderTest, AMissingFileIsExitCode1AndNoOutput) {
  const Outcome outcome = RunProgram("--hosts=/does/not/exist", "n1\n");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, IsEmpty());
  EXPECT_THAT(outcome.errors, HasSubstr("open '/does/not/exist': No such file"));
}

TEST(TreeBuilderTest, AFullDiskIsExitCode1) {
  const Outcome outcome = RunProgram("", "n1\n", "/dev/full");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("No space left"));
}

TEST(TreeBuilderTest, WrongUsageIsExitCode2AndNoOutput) {
  for (const char* arguments :
       {"--fanout=0", "--fanout=1025", "--fanout=x", "--fanout", "--port=0", "--port=65536",
        "--port=-1", "--unknown", "extra", "--hosts", "--trees=0", "--trees=65", "-w n1 --hosts=x",
        "--addresses=%h:x", "--addresses="}) {
    const Outcome outcome = RunProgram(arguments, "n1\n");
    EXPECT_EQ(outcome.exit_code, 2) << arguments;
    EXPECT_THAT(outcome.output, IsEmpty()) << arguments;
    EXPECT_FALSE(outcome.errors.empty()) << arguments;
  }
}

TEST(TreeBuilderTest, HelpTeachesByExample) {
  const Outcome outcome = RunProgram("--help", "");
  EXPECT_EQ(outcome.exit_code, 0);
  for (const char* text : {"--fanout", "--port", "--hosts", "PBS_NODEFILE", "Exit codes", "7117"}) {
    EXPECT_THAT(outcome.output, HasSubstr(text));
  }
}

TEST(TreeBuilderTest, AHundredThousandHostsAreQuick) {
  std::string hosts;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&hosts, "nid", i, ".cluster.example.org\n");
  const absl::Time start = absl::Now();
  const Outcome outcome = RunProgram("", hosts);
  // Measured: 0.1 s. A quadratic program would take minutes.
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const auto tree_file = TreeFile::Parse(outcome.output);
  ASSERT_TRUE(tree_file.ok()) << tree_file.status();
  EXPECT_EQ(tree_file->trees().member_count(), 100'000u);
  EXPECT_EQ(RunProgram("", hosts).output, outcome.output);
}

}  // namespace
}  // namespace coppice
