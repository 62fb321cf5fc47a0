#include "deploy/launcher/host_outcomes.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(HostOutcomesTest, ANodesOwnLineSettlesItWhateverTheToolCallsIt) {
  HostOutcomes outcomes({"node001.cluster", "node002", "node003"});
  outcomes.TakeLine("node001: coppice: node001: started");
  outcomes.TakeLine("1: coppice: node002.cluster: error: no FUSE");
  EXPECT_EQ(outcomes.settled(), 2u);
  EXPECT_EQ(outcomes.count(NodeState::kStarted), 1u);
  EXPECT_EQ(outcomes[1].reason, "no FUSE");
  EXPECT_TRUE(outcomes[1].nothing_there);
  EXPECT_THAT(outcomes.NotIn(NodeState::kStarted), ElementsAre(1, 2));
  EXPECT_FALSE(outcomes.all_settled());
}

TEST(HostOutcomesTest, TheFirstWordOfANodeCounts) {
  HostOutcomes outcomes({"a"});
  outcomes.TakeLine("coppice: a: started");
  outcomes.TakeLine("coppice: a: error: ended");
  EXPECT_EQ(outcomes[0].state, NodeState::kStarted);
}

TEST(HostOutcomesTest, WhatAToolSaysOfAHostIsTheReasonWhenTheHostSaysNothing) {
  const struct {
    const char* line;
    const char* reason;
  } cases[] = {
      {"b: bash: line 1: /x/coppice_node: No such file or directory",
       "the programs are not there: they must lie on a file system that all nodes share"},
      {"srun: error: b: task 1: Killed", "task 1: Killed"},
  };
  for (const auto& one : cases) {
    HostOutcomes outcomes({"a", "b"});
    outcomes.TakeLine(one.line);
    EXPECT_FALSE(outcomes[1].settled);
    outcomes.TakeLine("clush: b: exited with exit code 255");
    EXPECT_TRUE(outcomes[1].settled);
    EXPECT_FALSE(outcomes[1].nothing_there);
    outcomes.ProcessEnded({0, 1}, "clush ended");
    EXPECT_EQ(outcomes[1].reason, one.reason);
    EXPECT_TRUE(outcomes[1].told);
    EXPECT_EQ(outcomes[0].reason, "clush ended");
    EXPECT_FALSE(outcomes[0].told);
  }
}

// The mpiexec of MPICH says nothing more of it, and keeps the others running.
TEST(HostOutcomesTest, AHostToWhichSshMadeNoConnectionIsSettledByThatLine) {
  const struct {
    const char* line;
    const char* reason;
  } cases[] = {
      {"ssh: connect to host b port 22: Connection refused", "ssh: connection refused"},
      {"b: ssh: connect to host b port 22: No route to host", "ssh: no route to host"},
      {"ssh: Could not resolve hostname b: Name or service not known", "unknown host name"},
  };
  for (const auto& one : cases) {
    HostOutcomes outcomes({"a", "b"});
    outcomes.TakeLine(one.line);
    EXPECT_TRUE(outcomes[1].settled);
    EXPECT_EQ(outcomes[1].state, NodeState::kError);
    EXPECT_TRUE(outcomes[1].nothing_there);
    EXPECT_TRUE(outcomes[1].told);
    outcomes.TakeLine("clush: b: exited with exit code 255");
    outcomes.ProcessEnded({0, 1}, "clush ended");
    EXPECT_EQ(outcomes[1].reason, one.reason);
  }
}

TEST(HostOutcomesTest, LinesOfAProcessForOneHostAreOfThatHost) {
  HostOutcomes outcomes({"a", "b"});
  outcomes.TakeLine("root@somewhere: Permission denied (publickey).", 1);
  outcomes.ProcessEnded({1}, "ssh ended with exit code 255");
  EXPECT_THAT(outcomes[1].reason, HasSubstr("ssh refuses us"));
  EXPECT_FALSE(outcomes[0].settled);
}

TEST(HostOutcomesTest, AHostThatOpenMpiNamesInPassingHasNotFailed) {
  HostOutcomes outcomes({"a", "b", "c"});
  outcomes.TakeLine("ssh: connect to host b port 22: No route to host");
  outcomes.TakeLine("  my node:   c");
  outcomes.TakeLine("  target node:  a");
  outcomes.TakeLine("  HNP daemon   : [[1,0],0] on node c");
  outcomes.ProcessEnded({0, 1, 2}, "mpiexec ended");
  EXPECT_FALSE(outcomes[0].told);
  EXPECT_TRUE(outcomes[1].told);
  EXPECT_FALSE(outcomes[2].told);
  EXPECT_EQ(outcomes[0].reason, "mpiexec ended");
}

TEST(HostOutcomesTest, LinesOfNobodyAreKept) {
  HostOutcomes outcomes({"a"});
  outcomes.TakeLine("mpiexec: out of luck");
  EXPECT_THAT(outcomes.stray_lines(), ElementsAre("mpiexec: out of luck"));
}

TEST(HostOutcomesTest, HostsWithTheSameReasonAreFolded) {
  EXPECT_THAT(FoldReasons({{"node007", "connection refused"},
                           {"node031", "connection refused"},
                           {"node002", "no FUSE"}}),
              ElementsAre("node[007,031]: connection refused", "node002: no FUSE"));
  EXPECT_THAT(FoldReasons({{"a", "1"}, {"b", "2"}, {"c", "3"}}, 2),
              ElementsAre("a: 1", "b: 2", "and 1 more hosts"));
  EXPECT_THAT(FoldReasons({}), IsEmpty());
}

}  // namespace
}  // namespace coppice
