// The program itself, run as users run it.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
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
  EXPECT_EQ(outcome.output, *TreeFileText({{"n1", {"n1:7117"}}, {"n2", {"n2:7117"}}}, 1));
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
      *TreeFileText({{"n1", {"n1-a:7117", "[::1]:7117"}}, {"n3", {"n3-a:7117", "[::2]:9"}}}, 1);
  const Outcome list = RunProgram("", "n1 n1-a:7117,[::1]:7117\nn3 n3-a:7117,[::2]:9\n");
  EXPECT_EQ(list.output, tree) << list.errors;
  const Outcome outcome = RunProgram("-w 'n[1-3]!n2' --addresses=%h-a,%h-b:9", "ignored");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.output,
            *TreeFileText({{"n1", {"n1-a:7117", "n1-b:9"}}, {"n3", {"n3-a:7117", "n3-b:9"}}}, 1));
  const Outcome wrong = RunProgram("--nodes 'n[1-'", "");
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.errors, HasSubstr("--nodes: line 1: column 2: '[' is never closed"));
}

TEST(TreeBuilderTest, TreesAreSeveralButNotMoreThanHosts) {
  const std::vector<Member> members = {{"a", {"a:7117"}}, {"b", {"b:7117"}}};
  const Outcome outcome = RunProgram("--fanout=4 --trees=2", "a\nb\n");
  EXPECT_EQ(outcome.output, *TreeFileText(members, {.fanout = 4, .tree_count = 2}));
  EXPECT_THAT(outcome.errors, IsEmpty());
  const Outcome fewer = RunProgram("--fanout=4 --trees=4", "a\nb\n");
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
  for (const char* arguments : {"--fanout=0",
                                "--fanout=1025",
                                "--fanout=x",
                                "--fanout",
                                "--port=0",
                                "--port=65536",
                                "--port=-1",
                                "--unknown",
                                "extra",
                                "--hosts",
                                "--trees=0",
                                "--trees=65",
                                "--format=svg",
                                "--explain --format=dot",
                                "--draw_max=0",
                                "--calibrate --calibrate_serve=1",
                                "--small_requests=-1",
                                "-w n1 --hosts=x",
                                "--addresses=%h:x",
                                "--addresses="}) {
    const Outcome outcome = RunProgram(arguments, "n1\n");
    EXPECT_EQ(outcome.exit_code, 2) << arguments;
    EXPECT_THAT(outcome.output, IsEmpty()) << arguments;
    EXPECT_FALSE(outcome.errors.empty()) << arguments;
  }
}

TEST(TreeBuilderTest, HelpTeachesByExample) {
  const Outcome outcome = RunProgram("--help", "");
  EXPECT_EQ(outcome.exit_code, 0);
  for (const char* text : {"--fanout", "--port", "--hosts", "PBS_NODEFILE", "Exit codes", "7117",
                           "--trees", "--topology", "--explain", "--calibrate", "rack[1-4]node"}) {
    EXPECT_THAT(outcome.output, HasSubstr(text));
  }
}

TEST(TreeBuilderTest, ExplainAndDrawingsComeInsteadOfTheTreeFile) {
  const Outcome explained = RunProgram("-w 'n[1-16]' --trees=4 --fanout=4 --explain", "");
  EXPECT_EQ(explained.exit_code, 0) << explained.errors;
  EXPECT_THAT(explained.output, StartsWith("hosts:          16\ntrees:          4; roots n1, n5"));
  EXPECT_THAT(RunProgram("-w 'n[1-2]' --format=text", "").output, "tree 0\n  n1\n    n2\n");
  EXPECT_THAT(RunProgram("-w 'n[1-2]' --format=dot", "").output, StartsWith("digraph"));
  EXPECT_THAT(RunProgram("-w 'n[1-2]' --format=json", "").output, StartsWith("{\"hosts\": 2"));
  EXPECT_THAT(RunProgram("-w 'n[1-9]' --fanout=2 --format=text --draw_max=2", "").output,
              HasSubstr("7 hosts farther down are not drawn"));
}

TEST(TreeBuilderTest, ATopologyKeepsTreesWithinSwitches) {
  std::ofstream(PathOf("topology")) << "SwitchName=a Nodes=n[1-4]\nSwitchName=b Nodes=n[5-8]\n";
  const std::string topology = absl::StrCat(" --topology='", PathOf("topology"), "'");
  const Outcome outcome = RunProgram("-w 'n[1,5,2,6,3,7,4,8]' --trees=2 --explain" + topology, "");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("1 edges of a tree between switches of level 0"));
  EXPECT_THAT(RunProgram("-w 'n[1-9],x[01-02]'" + topology, "").errors,
              HasSubstr("warning: 3 hosts are not in "));
  EXPECT_THAT(RunProgram("-w 'n[1-9],x[01-02]'" + topology, "").errors,
              HasSubstr("a switch of its own: n9,x[01-02]"));
  const Outcome other = RunProgram("-w m1" + topology, "");
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.errors, HasSubstr("none of the hosts is on a switch"));
  EXPECT_EQ(RunProgram("-w m1 --topology=/does/not/exist", "").exit_code, 1);
}

TEST(TreeBuilderTest, CostsDecideTheFanout) {
  std::ofstream(PathOf("slow_children")) << "hop_us 1\nchild_us 100000\n";
  std::ofstream(PathOf("slow_hops")) << "hop_us 100000\nchild_us 1\n";
  const auto fanout = [](const std::string& costs) {
    return RunProgram(absl::StrCat("-w 'n[1-100]' --costs='", PathOf(costs), "'"), "").output;
  };
  EXPECT_THAT(fanout("slow_children"), HasSubstr("\nfanout: 2\n"));
  EXPECT_THAT(fanout("slow_hops"), HasSubstr("\nfanout: 99\n"));
  std::ofstream(PathOf("bad_costs")) << "hop 1\n";
  const Outcome bad = RunProgram(absl::StrCat("-w n1 --costs='", PathOf("bad_costs"), "'"), "");
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.errors, HasSubstr("line 1: no constant is called 'hop'"));
}

TEST(TreeBuilderTest, WhatCalibratePrintsCostsReads) {
  const Outcome measured = RunProgram("--calibrate", "");
  ASSERT_EQ(measured.exit_code, 0) << measured.errors;
  std::ofstream(PathOf("measured")) << measured.output;
  const Outcome used =
      RunProgram(absl::StrCat("-w 'n[1-9]' --explain --costs='", PathOf("measured"), "'"), "");
  EXPECT_EQ(used.exit_code, 0) << used.errors;
}

}  // namespace
}  // namespace coppice
