#include "deploy/tree_stop.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::UnorderedElementsAre;

void AddNode(v1::StopReply& stopped, const std::string& name, const std::string& problem = "") {
  v1::NodeSummary& node = *stopped.add_nodes();
  node.set_node(name);
  node.set_problem(problem);
}

TEST(TreeStopTest, ANodeThatAnsweredWithoutAProblemHasEnded) {
  v1::StopReply stopped;
  AddNode(stopped, "n1");
  AddNode(stopped, "n2");
  EXPECT_THAT(NodesEnded(stopped), UnorderedElementsAre("n1", "n2"));
}

// Three nodes below one that was lost make one failure and four that did not answer.
TEST(TreeStopTest, ANodeWithAProblemHasNotEndedHoweverManyDidNotAnswer) {
  v1::StopReply stopped;
  AddNode(stopped, "n1");
  AddNode(stopped, "n2", "not cleaned up in time");
  stopped.set_unanswered_count(4);
  stopped.set_unanswered("n[3-6]");
  stopped.add_failures("node n3 at n3:7117: Connection refused");
  stopped.add_failures("node n2: not cleaned up in time");
  EXPECT_THAT(NodesEnded(stopped), UnorderedElementsAre("n1"));
}

}  // namespace
}  // namespace coppice
