// A node's keeper with the real programs and a mount: how it starts, what it tells the tree, and
// that nothing is left however it ends.
#include "deploy/launcher/node_keeper.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/child_process.h"
#include "deploy/descriptor_wait.h"
#include "deploy/free_ports.h"
#include "deploy/launcher/node_job.h"
#include "deploy/launcher/node_line.h"
#include "deploy/launcher/node_stop.h"
#include "deploy/log_tail.h"
#include "deploy/pipe.h"
#include "deploy/process_identity.h"
#include "deploy/root_readiness.h"
#include "deploy/service_record.h"
#include "deploy/state_directory.h"
#include "deploy/tree_stop.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tree_builder/tree_file.h"

namespace coppice {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::Duration kPatience = absl::Minutes(1);
// For a stop that waits in vain.
constexpr absl::Duration kStopMax = absl::Seconds(10);

std::string Program(const std::string& runfile) {
  return std::filesystem::canonical(runfile).string();
}

class NodeKeeperTest : public testing::Test {
 protected:
  // In /tmp: the test's own directory has a name too long for a socket.
  NodeKeeperTest() : top_("/tmp/coppice_test.XXXXXX") {
    EXPECT_NE(mkdtemp(top_.data()), nullptr);
    std::filesystem::create_directory(top_ + "/export");
    std::ofstream(top_ + "/export/file") << "content";
    job_ = {.service = "keeper",
            .tree_file = top_ + "/tree",
            .node_root = top_ + "/state",
            .mount = top_ + "/mount/here",
            .peer_server = Program("peer_server/peer_server"),
            .fuse_client = Program("fuse_client/fuse_client"),
            .peer_flags = {absl::StrCat("--export_root=", top_, "/export")},
            .client_flags = {},
            .warm = Program("deploy/warm"),
            .timeout = kPatience,
            .stay = true};
  }

  void SetUp() override {
    if (access("/dev/fuse", R_OK | W_OK) != 0) {
      GTEST_SKIP() << "NO /dev/fuse: the keeper of a node was not tested on a mount";
    }
    WriteTree(1);
  }

  ~NodeKeeperTest() override {
    keeper_.reset();
    StopNode(job_).IgnoreError();
    std::filesystem::remove_all(top_);
  }

  // The nodes n0, n1, ... in a chain, on this machine.
  void WriteTree(size_t nodes) {
    const auto ports = FindFreePorts(nodes);
    ASSERT_TRUE(ports.ok()) << ports.status();
    std::vector<Member> members;
    for (size_t i = 0; i < nodes; ++i) {
      addresses_.push_back(absl::StrCat("127.0.0.1:", (*ports)[i]));
      members.push_back({.name = absl::StrCat("n", i), .addresses = {addresses_.back()}});
    }
    const auto text = TreeFileText(members, 1);
    ASSERT_TRUE(text.ok()) << text.status();
    std::ofstream(job_.tree_file) << *text;
  }

  // What it says of its start. It goes on with stay, else it has ended.
  NodeLine Start(const std::string& host = "n0") {
    auto pipe = OpenPipe();
    EXPECT_TRUE(pipe.ok());
    auto started = ChildProcess::Start({.arguments = {Program("deploy/coppice_node"), "start",
                                                      NodeJobText(job_), "--host=" + host},
                                        .environment = OwnEnvironment(),
                                        .log_file = top_ + "/log",
                                        .standard_output = pipe->write_end.get()});
    EXPECT_TRUE(started.ok()) << started.status();
    pipe->write_end.Reset();
    if (started.ok()) keeper_.emplace(*std::move(started));
    std::string text;
    char byte = 0;
    while (read(pipe->read_end.get(), &byte, 1) == 1 && byte != '\n') text.push_back(byte);
    const auto line = FindNodeLine(text);
    EXPECT_TRUE(line.has_value()) << text << LogTail(top_ + "/log");
    return line.value_or(NodeLine());
  }

  v1::GetReadinessReply Await(v1::ReadinessState state) {
    v1::GetReadinessRequest request;
    request.set_wait_until_members(1);
    request.set_wait_for(state);
    const auto reply =
        RootReadiness::At(addresses_[0])->Ask(request, {.deadline = absl::Now() + kPatience});
    EXPECT_TRUE(reply.ok()) << reply.status() << LogTail(top_ + "/log");
    return reply.ok() ? *reply : v1::GetReadinessReply();
  }

  absl::StatusOr<v1::StopReply> StopTree() {
    return StopByTree(addresses_[0], StopRequestOf(job_.tree_file), absl::Now() + kPatience);
  }

  static v1::StopRequest StopRequestOf(const std::string& tree_file) {
    v1::StopRequest request;
    request.set_reason("the test is over");
    request.set_tree_file(tree_file);
    return request;
  }

  void AwaitEnd() {
    const auto end = keeper_->Wait({.deadline = absl::Now() + kPatience});
    EXPECT_TRUE(end.ok()) << end.status();
  }

  ServiceRecord Record() const {
    const auto text = StateDirectory::Peek(job_.node_root, job_.service, kServiceRecordFile);
    EXPECT_TRUE(text.ok()) << text.status();
    const auto record = ParseServiceRecord(text.value_or(""));
    return record.ok() ? *record : ServiceRecord();
  }

  // Returns when they have ended.
  void Kill(ProcessRole role) const {
    for (const ProcessRecord& process : Record().processes) {
      if (process.role != role) continue;
      const auto opened = OpenProcess(process.identity);
      kill(process.identity.pid, SIGKILL);
      if (opened.ok()) {
        EXPECT_TRUE(WaitReadable({opened->get()}, {.deadline = absl::Now() + kPatience}).ok());
      }
    }
  }

  void ExpectNothingLeft() const {
    EXPECT_FALSE(std::filesystem::exists(job_.node_root));
    EXPECT_FALSE(std::filesystem::exists(top_ + "/mount"));
  }

  std::string top_;
  NodeJob job_;
  std::vector<std::string> addresses_;
  std::optional<ChildProcess> keeper_;
};

TEST_F(NodeKeeperTest, TheNodeIsProvenAndCleanWhenTheStopByTheTreeHasAnswered) {
  EXPECT_EQ(Start().state, NodeState::kStarted);
  EXPECT_EQ(Await(v1::READINESS_STATE_PROVEN).proven(), 1u);
  std::ifstream file(job_.mount + "/file");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "content");
  file.close();
  const auto stopped = StopTree();
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_EQ(stopped->nodes_size(), 1);
  EXPECT_EQ(stopped->failures_size(), 0) << stopped->DebugString();
  // At once: the answer has waited for it.
  ExpectNothingLeft();
  AwaitEnd();
}

TEST_F(NodeKeeperTest, InTheBackgroundItOutlivesTheCommandThatStartedIt) {
  job_.stay = false;
  EXPECT_EQ(Start().state, NodeState::kStarted);
  AwaitEnd();
  EXPECT_EQ(Await(v1::READINESS_STATE_PROVEN).proven(), 1u);
  const auto stopped = StopTree();
  EXPECT_TRUE(stopped.ok()) << stopped.status();
  ExpectNothingLeft();
}

TEST_F(NodeKeeperTest, ASignalEndsItAndAllThatItStarted) {
  Start();
  Await(v1::READINESS_STATE_PROVEN);
  kill(keeper_->pid(), SIGTERM);
  AwaitEnd();
  ExpectNothingLeft();
}

TEST_F(NodeKeeperTest, WhatAKilledOneLeavesIsEndedByAStopOfTheNode) {
  job_.stay = false;
  Start();
  Await(v1::READINESS_STATE_PROVEN);
  Kill(ProcessRole::kStarter);
  const absl::Status stopped = StopNode(job_);
  EXPECT_TRUE(stopped.ok()) << stopped;
  ExpectNothingLeft();
}

TEST_F(NodeKeeperTest, AStopByTheTreeTellsOfAKilledOneThatNobodyHasCleanedUp) {
  job_.stay = false;
  Start();
  Await(v1::READINESS_STATE_PROVEN);
  Kill(ProcessRole::kStarter);
  // A peer that has not seen its end yet waits for it, in vain, and says that.
  const auto stopped =
      StopByTree(addresses_[0], StopRequestOf(job_.tree_file), absl::Now() + kStopMax);
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_TRUE(NodesEnded(*stopped).empty()) << stopped->DebugString();
  EXPECT_EQ(stopped->failures_size(), 1);
  EXPECT_TRUE(StopNode(job_).ok());
  ExpectNothingLeft();
}

TEST_F(NodeKeeperTest, AStopOfAServiceThatWasThereBeforeItIsRefused) {
  Start();
  Await(v1::READINESS_STATE_PROVEN);
  const auto refused = StopByTree(addresses_[0], StopRequestOf(job_.tree_file + "-of-another"),
                                  absl::Now() + kPatience);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition) << refused.status();
  EXPECT_TRUE(std::filesystem::exists(job_.mount + "/file"));
  EXPECT_TRUE(StopTree().ok());
  ExpectNothingLeft();
  AwaitEnd();
}

TEST_F(NodeKeeperTest, APeerThatDiesTakesTheNodesPartWithIt) {
  Start();
  Await(v1::READINESS_STATE_PROVEN);
  Kill(ProcessRole::kPeer);
  AwaitEnd();
  ExpectNothingLeft();
}

TEST_F(NodeKeeperTest, AClientThatDiedLeavesNothingWhenTheTreeStops) {
  Start();
  Await(v1::READINESS_STATE_PROVEN);
  Kill(ProcessRole::kClient);
  const auto stopped = StopTree();
  EXPECT_TRUE(stopped.ok()) << stopped.status();
  ExpectNothingLeft();
  AwaitEnd();
}

TEST_F(NodeKeeperTest, StartsWithoutTheNodesAboveItAndEndsWhileItWaitsForThem) {
  WriteTree(2);
  EXPECT_EQ(Start("n1").state, NodeState::kStarted);
  kill(keeper_->pid(), SIGTERM);
  AwaitEnd();
  ExpectNothingLeft();
}

TEST_F(NodeKeeperTest, ASecondStartIsRefusedAndLeavesTheFirstAlone) {
  job_.stay = false;
  Start();
  const NodeLine again = Start();
  EXPECT_EQ(again.state, NodeState::kError);
  // As long as the first is at its start it is at work, and that is the reason.
  EXPECT_THAT(again.reason, AnyOf(HasSubstr("running here already"), HasSubstr("at work")));
  EXPECT_EQ(Await(v1::READINESS_STATE_PROVEN).proven(), 1u);
}

TEST_F(NodeKeeperTest, AStopThatWasHereBeforeItIsSeen) {
  std::filesystem::remove(job_.tree_file);
  const NodeLine line = Start();
  EXPECT_EQ(line.state, NodeState::kError);
  EXPECT_THAT(line.reason, HasSubstr("the tree file cannot be read"));
  ExpectNothingLeft();
}

TEST_F(NodeKeeperTest, AMountThatFailsIsAProblemThatTheRootTells) {
  job_.client_flags = {"--no_such_flag"};
  EXPECT_EQ(Start().state, NodeState::kStarted);
  const v1::GetReadinessReply reply = Await(v1::READINESS_STATE_PROVEN);
  EXPECT_EQ(reply.connected(), 1u);
  EXPECT_EQ(reply.proven(), 0u);
  ASSERT_EQ(reply.problems_size(), 1);
  EXPECT_THAT(reply.problems(0).text(), HasSubstr("fuse_client"));
  EXPECT_THAT(reply.problems(0).text(), Not(HasSubstr("\n")));
}

TEST_F(NodeKeeperTest, ARecordingThatCannotBeReadIsAProblem) {
  job_.recording = top_ + "/no_recording";
  Start();
  const v1::GetReadinessReply reply = Await(v1::READINESS_STATE_WARM);
  EXPECT_EQ(reply.proven(), 1u);
  EXPECT_EQ(reply.warm(), 0u);
  ASSERT_EQ(reply.problems_size(), 1);
  EXPECT_THAT(reply.problems(0).text(), HasSubstr("no_recording"));
}

}  // namespace
}  // namespace coppice
