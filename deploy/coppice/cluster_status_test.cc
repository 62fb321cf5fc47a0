#include "deploy/coppice/cluster_status.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/launcher/cluster_record.h"
#include "deploy/launcher/node_job.h"
#include "deploy/state_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tree_builder/tree_file.h"

namespace coppice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string MakeTop() {
  std::string top = "/tmp/cluster_status_test.XXXXXX";
  EXPECT_NE(mkdtemp(top.data()), nullptr);
  return top;
}

class ClusterStatusTest : public testing::Test {
 protected:
  ~ClusterStatusTest() override { std::filesystem::remove_all(top_); }

  // As launch writes it down.
  void WriteService(const std::string& name, const std::string& job = "") {
    const auto state = StateDirectory::Create(root_, name);
    ASSERT_TRUE(state.ok()) << state.status();
    const std::vector<Member> members = {{"n1", {"n1:7117"}}, {"n2", {"n2:7117"}}};
    const auto tree = TreeFileText(members, 2);
    ASSERT_TRUE(tree.ok() && state->WriteFile("tree-1", *tree).ok());
    const ClusterRecord record = {
        .hosts = {"n1", "n2"},
        .launcher = "ssh",
        .job = job,
        .node_job = NodeJobText({.service = name, .tree_file = state->File("tree-1")})};
    ASSERT_TRUE(state->WriteFile(kClusterRecordFile, ClusterRecordText(record)).ok());
  }

  AskReadiness Answering() {
    return [this](const std::string& address, const std::string& tree_file) {
      asked_.push_back(address);
      EXPECT_THAT(tree_file, testing::EndsWith("/tree-1"));
      return answer_;
    };
  }
  std::vector<ClusterStatus> Ask(const std::string& service = "", const std::string& job = "") {
    return AskClusters({.state_root = root_, .service = service, .job = job}, Answering());
  }

  const std::string top_ = MakeTop();
  const std::string root_ = top_ + "/state";
  std::vector<std::string> asked_;
  absl::StatusOr<v1::GetReadinessReply> answer_ = v1::GetReadinessReply();
};

TEST_F(ClusterStatusTest, APeerOnHostsIsTheRootOrTheNodeThatIsNamed) {
  WriteService("hosts");
  EXPECT_EQ(FindPeerOnHosts({.state_root = root_}, "").value_or(""), "n1:7117");
  EXPECT_EQ(FindPeerOnHosts({.state_root = root_}, "n2").value_or(""), "n2:7117");
  const auto nobody = FindPeerOnHosts({.state_root = root_}, "n9");
  EXPECT_EQ(nobody.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(nobody.status().message()), HasSubstr("n9"));
  EXPECT_FALSE(FindPeerOnHosts({.state_root = top_ + "/nothing"}, "").ok());
  EXPECT_FALSE(FindPeerOnHosts({.state_root = root_, .service = "other"}, "").ok());
}

TEST_F(ClusterStatusTest, TheRootOfTheTreeIsAskedAndItsWordsAreShown) {
  WriteService("hosts");
  answer_->set_total(2);
  answer_->set_connected(2);
  answer_->set_mounted(2);
  answer_->set_proven(2);
  const std::vector<ClusterStatus> statuses = Ask();
  ASSERT_EQ(statuses.size(), 1u);
  EXPECT_THAT(asked_, ElementsAre("n1:7117"));
  EXPECT_TRUE(statuses[0].well());
  EXPECT_EQ(ClusterStatusText(statuses[0]),
            "service 'hosts' on 2 hosts, n[1-2], by ssh\n"
            "  2 of 2 nodes proven (2 connected, 2 mounted, 0 lost), says the root, n1 at "
            "n1:7117\n");
  const nlohmann::ordered_json json = ClusterStatusJson(statuses[0]);
  EXPECT_EQ(json["well"], true);
  EXPECT_EQ(json["proven"], 2);
}

TEST_F(ClusterStatusTest, WhatIsNotWellIsNamedOnce) {
  WriteService("hosts");
  answer_->set_total(6);
  answer_->set_connected(5);
  answer_->set_mounted(5);
  answer_->set_proven(4);
  answer_->set_not_connected("n6");
  answer_->set_not_mounted("n6");
  answer_->set_not_proven("n[5-6]");
  answer_->set_lost(1);
  answer_->set_lost_members("n6");
  v1::MemberProblem* const problem = answer_->add_problems();
  problem->set_node("n5");
  problem->set_text("its mount could not be read");
  answer_->set_problems_dropped(3);
  const ClusterStatus status = Ask()[0];
  EXPECT_FALSE(status.well());
  EXPECT_THAT(ClusterStatusText(status), HasSubstr("  not connected: n6\n"
                                                   "  not proven: n[5-6]\n"
                                                   "  lost: n6\n"
                                                   "  n5: its mount could not be read\n"
                                                   "  and 3 further problems\n"));
  const nlohmann::ordered_json json = ClusterStatusJson(status);
  EXPECT_EQ(json["problems"][0]["node"], "n5");
  EXPECT_EQ(json["lost_members"], "n6");
}

TEST_F(ClusterStatusTest, ALostNodeOrAProblemAloneIsNotWell) {
  ClusterStatus status;
  EXPECT_TRUE(status.well());
  status.readiness.set_lost(1);
  EXPECT_FALSE(status.well());
  status.readiness.set_lost(0);
  status.readiness.add_problems();
  EXPECT_FALSE(status.well());
}

TEST_F(ClusterStatusTest, ARootThatCannotBeAskedIsNamedWithTheReason) {
  WriteService("hosts");
  answer_ = absl::UnavailableError("n1:7117: connection refused");
  const ClusterStatus status = Ask()[0];
  EXPECT_FALSE(status.well());
  EXPECT_THAT(ClusterStatusText(status),
              HasSubstr("  its root, n1, cannot be asked: n1:7117: connection refused\n"));
  EXPECT_THAT(ClusterStatusText(status), HasSubstr("n[1-2]"));
  const nlohmann::ordered_json json = ClusterStatusJson(status);
  EXPECT_EQ(json["answers"], false);
  EXPECT_EQ(json["error"], "n1:7117: connection refused");
}

TEST_F(ClusterStatusTest, ATreeFileThatIsGoneIsTheReason) {
  WriteService("hosts");
  std::filesystem::remove(root_ + "/hosts/tree-1");
  const ClusterStatus status = Ask()[0];
  EXPECT_THAT(asked_, IsEmpty());
  EXPECT_FALSE(status.well());
  EXPECT_THAT(ClusterStatusText(status), HasSubstr("its root cannot be asked: "));
  EXPECT_THAT(ClusterStatusText(status), HasSubstr("tree-1"));
}

TEST_F(ClusterStatusTest, InAJobTheServicesOfOtherJobsAreLeftOutUnlessTheyAreNamed) {
  WriteService("a", "slurm-1");
  WriteService("b", "slurm-2");
  WriteService("c");
  const auto names = [](const std::vector<ClusterStatus>& statuses) {
    std::vector<std::string> found;
    for (const ClusterStatus& status : statuses) found.push_back(status.service);
    return found;
  };
  EXPECT_THAT(names(Ask()), ElementsAre("a", "b", "c"));
  EXPECT_THAT(names(Ask("", "slurm-2")), ElementsAre("b", "c"));
  EXPECT_THAT(names(Ask("a", "slurm-2")), ElementsAre("a"));
}

TEST_F(ClusterStatusTest, DirectoriesWithoutAServiceOnHostsAreNothing) {
  EXPECT_THAT(Ask(), IsEmpty());
  ASSERT_TRUE(StateDirectory::Create(root_, "local").ok());
  EXPECT_THAT(Ask(), IsEmpty());
}

TEST_F(ClusterStatusTest, OverTheNetworkNobodyIsWaitedFor) {
  const auto answer = AskRoot(top_ + "/no.sock", "");
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace coppice
