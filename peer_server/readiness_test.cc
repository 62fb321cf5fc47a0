// Readiness and stop by the tree, of real nodes over real sockets in one process, with clients that
// mount nothing.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/mutex.h"
#include "grpcpp/channel.h"
#include "gtest/gtest.h"
#include "peer_server/testing/test_cluster.h"
#include "proto/membership.grpc.pb.h"
#include "rpc/alarm_timer.h"
#include "rpc/mount_link.h"
#include "rpc/peer_channels.h"
#include "source/testing/await.h"

namespace coppice {
namespace {

constexpr absl::Duration kWaitMax = absl::Minutes(1);

// The client of a node, as the peer sees it.
class FakeClient {
 public:
  FakeClient(TestCluster& cluster, size_t node, Timer& timer)
      : channel_(OpenPatientChannel("unix:" + cluster.SocketOf(node))),
        membership_(v1::Membership::NewStub(channel_)),
        link_(StartMountLink(
            channel_, {.mount_point = absl::StrCat("/mnt/", node), .pid = 42},
            {.on_statistics =
                 [] {
                   return std::map<std::string, uint64_t>{{"LOOKUP", 7}, {"read_bytes", 100}};
                 },
             .on_stop =
                 [this] {
                   MutexLock lock(mutex_);
                   stop_ordered_ = true;
                   changed_.NotifyAll();
                 }},
            timer)) {}

  void Mount() {
    EXPECT_TRUE(link_->WaitForWelcome(kWaitMax).ok());
    link_->ReportMounted();
  }

  grpc::Status ReportProbe(const std::string& problem = "") {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kWaitMax));
    v1::ReportProbeRequest request;
    request.set_problem(problem);
    v1::ReportProbeReply reply;
    return membership_->ReportProbe(&context, request, &reply);
  }

  grpc::Status ReportWarming(uint64_t bytes, bool done) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kWaitMax));
    v1::ReportWarmingRequest request;
    request.set_bytes(bytes);
    request.set_done(done);
    v1::ReportWarmingReply reply;
    return membership_->ReportWarming(&context, request, &reply);
  }

  bool AwaitStopOrder() {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    MutexLock lock(mutex_);
    while (!stop_ordered_) {
      const auto left = limit - std::chrono::steady_clock::now();
      if (left.count() <= 0) return false;
      changed_.WaitFor(mutex_, left);
    }
    return true;
  }
  void Unmount() { link_.reset(); }

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Membership::Stub> membership_;
  Mutex mutex_;
  CondVar changed_;
  bool stop_ordered_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<MountLink> link_;
};

class ReadinessTest : public testing::Test {
 protected:
  void StartClients(TestCluster& cluster) {
    for (size_t i = 0; i < cluster.size(); ++i) {
      clients_.push_back(std::make_unique<FakeClient>(cluster, i, *timer_));
    }
  }
  void ProveAllBut(const std::vector<size_t>& left_out) {
    for (size_t i = 0; i < clients_.size(); ++i) {
      if (std::find(left_out.begin(), left_out.end(), i) != left_out.end()) continue;
      clients_[i]->Mount();
      const grpc::Status status = clients_[i]->ReportProbe();
      EXPECT_TRUE(status.ok()) << status.error_message();
    }
  }

  static v1::GetReadinessReply Wait(TestCluster& cluster, size_t asked, uint32_t members,
                                    v1::ReadinessState state = v1::READINESS_STATE_PROVEN,
                                    uint64_t known_revision = 0) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kWaitMax));
    v1::GetReadinessRequest request;
    request.set_wait_until_members(members);
    request.set_wait_for(state);
    request.set_known_revision(known_revision);
    v1::GetReadinessReply reply;
    const grpc::Status status = cluster.inspection(asked).GetReadiness(&context, request, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return reply;
  }

  static grpc::Status Stop(TestCluster& cluster, size_t asked, absl::Duration timeout,
                           v1::StopReply& reply, const std::string& tree_file = "") {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    v1::StopRequest request;
    request.set_reason("the test is over");
    request.set_tree_file(tree_file);
    return cluster.inspection(asked).Stop(&context, request, &reply);
  }

  // Each unmounts when it is told to, but for those left out.
  std::vector<std::thread> UnmountWhenOrdered(const std::vector<size_t>& left_out = {}) {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < clients_.size(); ++i) {
      if (std::find(left_out.begin(), left_out.end(), i) != left_out.end()) continue;
      threads.emplace_back([client = clients_[i].get()] {
        EXPECT_TRUE(client->AwaitStopOrder());
        client->Unmount();
      });
    }
    return threads;
  }

  const std::unique_ptr<Timer> timer_ = MakeAlarmTimer();
  std::vector<std::unique_ptr<FakeClient>> clients_;
};

TEST_F(ReadinessTest, EachNodeIsConnectedThenMountedThenProvenAndTheRootKnows) {
  TestCluster cluster(16, 3, {}, 4);
  const v1::GetReadinessReply connected = Wait(cluster, 0, 16, v1::READINESS_STATE_CONNECTED);
  EXPECT_TRUE(connected.reached());
  EXPECT_EQ(connected.connected(), 16u);
  EXPECT_EQ(connected.mounted(), 0u);
  EXPECT_EQ(connected.not_mounted(), "node[0-15]");
  StartClients(cluster);
  for (const auto& client : clients_) client->Mount();
  EXPECT_EQ(Wait(cluster, 0, 16, v1::READINESS_STATE_MOUNTED).mounted(), 16u);
  ProveAllBut({7, 12});
  EXPECT_EQ(Wait(cluster, 0, 14).not_proven(), "node[7,12]");
  ProveAllBut({});
  const v1::GetReadinessReply proven = Wait(cluster, 0, 16);
  EXPECT_TRUE(proven.reached());
  EXPECT_EQ(proven.proven(), 16u);
  EXPECT_EQ(proven.total(), 16u);
  EXPECT_EQ(proven.not_proven(), "");
  // Any peer tells of its own subtree.
  const v1::GetReadinessReply below = Wait(cluster, 1, 1000);
  EXPECT_EQ(below.total(), 7u);  // 1, 4 to 6, 13 to 15
  EXPECT_EQ(below.proven(), below.total());
}

TEST_F(ReadinessTest, ALateMountIsWaitedForAndThenTheWaitEnds) {
  TestCluster cluster(7, 2);
  StartClients(cluster);
  ProveAllBut({5});
  EXPECT_EQ(Wait(cluster, 0, 6).not_proven(), "node5");
  std::thread late([&] { ProveAllBut({0, 1, 2, 3, 4, 6}); });
  EXPECT_EQ(Wait(cluster, 0, 7).proven(), 7u);
  late.join();
}

TEST_F(ReadinessTest, AProblemOfANodeEndsTheWaitAndIsTold) {
  TestCluster cluster(7, 2);
  StartClients(cluster);
  ProveAllBut({6});
  EXPECT_TRUE(clients_[6]->ReportProbe("mount: Permission denied").ok());
  const v1::GetReadinessReply reply = Wait(cluster, 0, 7);
  EXPECT_FALSE(reply.reached());
  EXPECT_EQ(reply.not_proven(), "node6");
  ASSERT_EQ(reply.problems_size(), 1);
  EXPECT_EQ(reply.problems(0).node(), "node6");
  EXPECT_EQ(reply.problems(0).text(), "mount: Permission denied");
}

TEST_F(ReadinessTest, AChildThatDiedIsLostWithItsSubtreeAndComesBack) {
  TestCluster cluster(7, 2);
  ASSERT_EQ(Wait(cluster, 0, 7, v1::READINESS_STATE_CONNECTED).connected(), 7u);
  cluster.Stop(1);
  // Until it is seen: no time is too short or too long for this.
  v1::GetReadinessReply reply = Wait(cluster, 0, 0);
  for (int i = 0; i < 100 && reply.lost() == 0; ++i) {
    reply = Wait(cluster, 0, 0, v1::READINESS_STATE_CONNECTED, reply.revision());
  }
  EXPECT_EQ(reply.lost(), 3u);
  EXPECT_EQ(reply.lost_members(), "node[1,3-4]");
  EXPECT_EQ(reply.connected(), 4u);
  ASSERT_GE(reply.problems_size(), 1);
  EXPECT_EQ(reply.problems(0).node(), "node1");
  cluster.Start(1);
  for (int i = 0; i < 100 && reply.connected() < 7; ++i) {
    reply = Wait(cluster, 0, 0, v1::READINESS_STATE_CONNECTED, reply.revision());
  }
  EXPECT_EQ(reply.connected(), 7u);
  EXPECT_EQ(reply.lost(), 0u);
}

TEST_F(ReadinessTest, HowFarAllNodesAreWarmedIsSeenAtTheRootWhileItLasts) {
  TestCluster cluster(7, 2);
  StartClients(cluster);
  ProveAllBut({});
  for (const auto& client : clients_) EXPECT_TRUE(client->ReportWarming(100, false).ok());
  v1::GetReadinessReply reply = Wait(cluster, 0, 0);
  for (int i = 0; i < 100 && reply.warmed_bytes() < 700; ++i) {
    reply = Wait(cluster, 0, 0, v1::READINESS_STATE_WARM, reply.revision());
  }
  EXPECT_EQ(reply.warmed_bytes(), 700u);
  EXPECT_EQ(reply.warm(), 0u);
  EXPECT_EQ(reply.not_warm(), "node[0-6]");
  for (const auto& client : clients_) EXPECT_TRUE(client->ReportWarming(200, true).ok());
  reply = Wait(cluster, 0, 7, v1::READINESS_STATE_WARM);
  EXPECT_TRUE(reply.reached());
  EXPECT_EQ(reply.warm(), 7u);
  EXPECT_EQ(reply.not_warm(), "");
  EXPECT_EQ(reply.warmed_bytes(), 1400u);
}

TEST_F(ReadinessTest, ANodeWhoseMountGoesIsNoLongerMountedNorProven) {
  TestCluster cluster(3, 2);
  StartClients(cluster);
  ProveAllBut({});
  v1::GetReadinessReply reply = Wait(cluster, 0, 3);
  EXPECT_EQ(reply.proven(), 3u);
  clients_[2]->Unmount();
  reply = Wait(cluster, 0, 0, v1::READINESS_STATE_PROVEN, reply.revision());
  EXPECT_EQ(reply.not_mounted(), "node2");
  EXPECT_EQ(reply.not_proven(), "node2");
}

TEST_F(ReadinessTest, ProvingAllNodesAsksTheBackingFileSystemOnceForEachTree) {
  TestCluster cluster(16, 4, {.negative_ttl = absl::Hours(1)}, 4);
  StartClients(cluster);
  ProveAllBut({});
  EXPECT_EQ(Wait(cluster, 0, 16).proven(), 16u);
  uint64_t lstats = 0;
  for (size_t i = 0; i < 16; ++i) lstats += cluster.Total(i, "backing", "lstats");
  EXPECT_EQ(lstats, 4u);
}

TEST_F(ReadinessTest, StopEndsEveryMountAndNodeAndBringsOneSummaryBack) {
  TestCluster cluster(7, 2, {}, 3);
  cluster.WriteFile("file", std::string(1000, 'x'));
  StartClients(cluster);
  ProveAllBut({});
  for (size_t i = 0; i < 7; ++i) {
    const Path path = *Path::Parse("file");
    const auto state = AwaitAttributes(cluster.client(i), path);
    ASSERT_TRUE(AwaitBlock(cluster.client(i), {path, state->attributes->version, 0}).ok());
  }
  std::vector<std::thread> threads = UnmountWhenOrdered();
  v1::StopReply reply;
  const grpc::Status status = Stop(cluster, /*asked=*/5, kWaitMax, reply);
  ASSERT_TRUE(status.ok()) << status.error_message();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(reply.unanswered_count(), 0u);
  EXPECT_EQ(reply.failures_size(), 0);
  ASSERT_EQ(reply.nodes_size(), 7);
  uint64_t reads = 0;
  for (int i = 0; i < 7; ++i) {
    const v1::NodeSummary& node = reply.nodes(i);
    EXPECT_EQ(node.node(), absl::StrCat("node", i));
    EXPECT_EQ(node.mounts(), 1u);
    EXPECT_EQ(node.mount_requests(), 7u);
    EXPECT_EQ(node.mount_read_bytes(), 100u);
    EXPECT_GT(node.up_seconds(), 0);
    reads += node.backing_reads();
  }
  EXPECT_EQ(reads, 1u);
  for (size_t i = 0; i < 7; ++i) EXPECT_TRUE(cluster.AwaitStopped(i)) << i;
}

TEST_F(ReadinessTest, StopNamesTheNodesThatDidNotAnswerAndEndsTheOthers) {
  TestCluster cluster(7, 2);
  ASSERT_EQ(Wait(cluster, 0, 7, v1::READINESS_STATE_CONNECTED).connected(), 7u);
  cluster.Stop(2);
  v1::StopReply reply;
  ASSERT_TRUE(Stop(cluster, 0, kWaitMax, reply).ok());
  EXPECT_EQ(reply.nodes_size(), 4);
  EXPECT_EQ(reply.unanswered_count(), 3u);
  EXPECT_EQ(reply.unanswered(), "node[2,5-6]");
  ASSERT_EQ(reply.failures_size(), 1);
  EXPECT_NE(reply.failures(0).find("node2"), std::string::npos);
  for (const size_t i : {0, 1, 3, 4}) EXPECT_TRUE(cluster.AwaitStopped(i)) << i;
}

TEST_F(ReadinessTest, NobodyTellsOfAnotherJobHowReadyItIs) {
  TestCluster cluster(1, 1);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kWaitMax));
  v1::GetReadinessRequest request;
  request.set_tree_file("/shared/other/tree");
  v1::GetReadinessReply reply;
  const grpc::Status refused = cluster.inspection(0).GetReadiness(&context, request, &reply);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(ReadinessTest, AStopOfAnotherJobIsRefusedByEachPeerAndOneOfThisJobGoesDown) {
  TestCluster cluster(2, 1);
  v1::StopReply reply;
  for (const size_t asked : {0, 1}) {
    const grpc::Status refused = Stop(cluster, asked, kWaitMax, reply, "/shared/other/tree");
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_NE(refused.error_message().find(TestCluster::kTreeFile), std::string::npos);
  }
  const grpc::Status ended = Stop(cluster, 1, kWaitMax, reply, TestCluster::kTreeFile);
  EXPECT_TRUE(ended.ok()) << ended.error_message();
  EXPECT_EQ(reply.nodes_size(), 2);
  for (const size_t i : {0, 1}) EXPECT_TRUE(cluster.AwaitStopped(i)) << i;
}

TEST_F(ReadinessTest, StopNamesTheMountThatStaysAndEndsTheNodeAllTheSame) {
  TestCluster cluster(2, 1);
  StartClients(cluster);
  for (const auto& client : clients_) client->Mount();
  std::vector<std::thread> threads = UnmountWhenOrdered({1});
  v1::StopReply reply;
  ASSERT_TRUE(Stop(cluster, 0, absl::Seconds(5), reply).ok());
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(reply.nodes_size(), 2);
  ASSERT_EQ(reply.failures_size(), 1);
  EXPECT_NE(reply.failures(0).find("/mnt/1"), std::string::npos) << reply.failures(0);
  EXPECT_EQ(reply.nodes(1).problem(), reply.failures(0));
  for (const size_t i : {0, 1}) EXPECT_TRUE(cluster.AwaitStopped(i)) << i;
}

TEST_F(ReadinessTest, TwoWhoAskForTheEndGetTheSameSummary) {
  TestCluster cluster(3, 2);
  StartClients(cluster);
  for (const auto& client : clients_) client->Mount();
  v1::StopReply first, second;
  std::thread other([&] { EXPECT_TRUE(Stop(cluster, 0, kWaitMax, first).ok()); });
  // The mounts are held until both have asked.
  ASSERT_TRUE(clients_[1]->AwaitStopOrder());
  std::thread again([&] { EXPECT_TRUE(Stop(cluster, 2, kWaitMax, second).ok()); });
  std::vector<std::thread> threads = UnmountWhenOrdered();
  for (std::thread& thread : threads) thread.join();
  other.join();
  again.join();
  EXPECT_EQ(first.nodes_size(), 3);
  EXPECT_EQ(second.nodes_size(), 3);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(cluster.AwaitStopped(i)) << i;
}

}  // namespace
}  // namespace coppice
