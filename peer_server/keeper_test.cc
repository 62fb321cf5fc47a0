// The keepers of nodes and a stop by the tree, of real nodes over real sockets in one process.
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/mutex.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "peer_server/node.h"
#include "peer_server/outgoing_calls.h"
#include "peer_server/testing/test_cluster.h"
#include "proto/membership.grpc.pb.h"
#include "rpc/peer_channels.h"

namespace coppice {
namespace {

constexpr absl::Duration kWaitMax = absl::Minutes(1);

// Of one node, as its peer sees it.
class FakeKeeper {
 public:
  explicit FakeKeeper(const std::string& socket)
      : membership_(v1::Membership::NewStub(OpenPatientChannel("unix:" + socket))) {}
  ~FakeKeeper() { Die(); }

  // The peer has a call when this returns: it was asked twice, and has failed one of them for that.
  void Await() {
    const size_t first = Ask();
    const size_t second = Ask();
    MutexLock lock(mutex_);
    while (!calls_[first].status.has_value() && !calls_[second].status.has_value()) WaitChanged();
    waiting_ = calls_[first].status.has_value() ? second : first;
    const Call& other = calls_[waiting_ == first ? second : first];
    if (!other.status.has_value()) return;  // already told
    EXPECT_EQ(other.status->error_code(), grpc::StatusCode::ABORTED)
        << other.status->error_message();
  }
  // What that call was answered.
  grpc::Status AwaitTold(v1::AwaitStopReply* reply = nullptr) {
    MutexLock lock(mutex_);
    while (!calls_[waiting_].status.has_value()) WaitChanged();
    if (reply != nullptr) *reply = calls_[waiting_].reply;
    return *calls_[waiting_].status;
  }
  grpc::Status ReportCleanedUp(const std::string& problem = "") {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kWaitMax));
    v1::ReportCleanedUpRequest request;
    request.set_problem(problem);
    v1::ReportCleanedUpReply reply;
    return membership_->ReportCleanedUp(&context, request, &reply);
  }
  void Die() { outgoing_.CloseAndWait(); }

 private:
  struct Call {
    v1::AwaitStopReply reply;
    std::optional<grpc::Status> status;
  };

  size_t Ask() {
    size_t index = 0;
    {
      MutexLock lock(mutex_);
      index = calls_.size();
      calls_.emplace_back();
    }
    auto* const stub = membership_->async();
    outgoing_.Call<v1::AwaitStopRequest, v1::AwaitStopReply>(
        {}, {.deadline = absl::Now() + kWaitMax},
        [stub](grpc::ClientContext* context, const v1::AwaitStopRequest* sent,
               v1::AwaitStopReply* reply, std::function<void(grpc::Status)> done) {
          stub->AwaitStop(context, sent, reply, std::move(done));
        },
        [this, index](const grpc::Status& status, v1::AwaitStopReply& reply) {
          MutexLock lock(mutex_);
          calls_[index] = {.reply = reply, .status = status};
          changed_.NotifyAll();
        });
    return index;
  }
  // Each call has a deadline, so each wait ends.
  void WaitChanged() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { changed_.Wait(mutex_); }

  const std::unique_ptr<v1::Membership::Stub> membership_;
  OutgoingCalls outgoing_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<Call> calls_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

v1::StopReply Stop(TestCluster& cluster, size_t asked) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kWaitMax));
  v1::StopRequest request;
  request.set_reason("the test is over");
  v1::StopReply reply;
  const grpc::Status status = cluster.inspection(asked).Stop(&context, request, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return reply;
}

// Of a cluster with a keeper at each node, which all are known to their peers.
std::vector<std::unique_ptr<FakeKeeper>> StartKeepers(TestCluster& cluster) {
  std::vector<std::unique_ptr<FakeKeeper>> keepers;
  for (size_t i = 0; i < cluster.size(); ++i) {
    keepers.push_back(std::make_unique<FakeKeeper>(cluster.SocketOf(i)));
    keepers.back()->Await();
  }
  return keepers;
}

TEST(KeeperTest, EachKeeperCleansUpBehindAllBelowItAndTheStopIsAnsweredAfterTheLast) {
  TestCluster cluster(7, 2);
  const auto keepers = StartKeepers(cluster);
  Mutex mutex;
  std::vector<bool> cleaned(7);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 7; ++i) {
    threads.emplace_back([&, i] {
      v1::AwaitStopReply told;
      EXPECT_TRUE(keepers[i]->AwaitTold(&told).ok());
      EXPECT_EQ(told.reason(), "the test is over");
      EXPECT_GT(told.time_left_ns(), 0u);
      {
        MutexLock lock(mutex);
        for (const size_t child : {2 * i + 1, 2 * i + 2}) {
          EXPECT_TRUE(child >= 7 || cleaned[child]) << child << " is below " << i;
        }
        cleaned[i] = true;
      }
      EXPECT_TRUE(keepers[i]->ReportCleanedUp().ok());
    });
  }
  const v1::StopReply reply = Stop(cluster, 5);
  {
    MutexLock lock(mutex);
    EXPECT_EQ(cleaned, std::vector<bool>(7, true));
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(reply.nodes_size(), 7);
  EXPECT_EQ(reply.failures_size(), 0);
  for (size_t i = 0; i < 7; ++i) EXPECT_TRUE(cluster.AwaitStopped(i)) << i;
}

TEST(KeeperTest, WhatAKeeperCouldNotCleanIsAFailureThatNamesItsNode) {
  TestCluster cluster(2, 1);
  FakeKeeper keeper(cluster.SocketOf(1));
  keeper.Await();
  std::thread cleaning([&] {
    EXPECT_TRUE(keeper.AwaitTold().ok());
    EXPECT_TRUE(keeper.ReportCleanedUp("/tmp/x: Permission denied").ok());
  });
  const v1::StopReply reply = Stop(cluster, 0);
  cleaning.join();
  EXPECT_EQ(reply.nodes_size(), 2);
  EXPECT_EQ(reply.unanswered_count(), 0u);
  ASSERT_EQ(reply.failures_size(), 1);
  EXPECT_EQ(reply.failures(0), "node node1: /tmp/x: Permission denied");
  EXPECT_EQ(reply.nodes(0).problem(), "");
  EXPECT_EQ(reply.nodes(1).problem(), "/tmp/x: Permission denied");
}

TEST(KeeperTest, AKeeperThatTakesTooLongIsNamedAndItsNodeEndsAllTheSame) {
  TestCluster cluster(1, 1, {}, 1, absl::Seconds(1));
  FakeKeeper keeper(cluster.SocketOf(0));
  keeper.Await();
  const v1::StopReply reply = Stop(cluster, 0);
  EXPECT_TRUE(keeper.AwaitTold().ok());
  EXPECT_EQ(reply.nodes_size(), 1);
  ASSERT_EQ(reply.failures_size(), 1);
  EXPECT_EQ(reply.failures(0), "node node0: not cleaned up in time");
  EXPECT_EQ(keeper.ReportCleanedUp().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(cluster.AwaitStopped(0));
}

TEST(KeeperTest, AKeeperThatDiesWhileItCleansUpIsNamedAndNotWaitedFor) {
  TestCluster cluster(2, 1);
  FakeKeeper keeper(cluster.SocketOf(1));
  keeper.Await();
  std::thread cleaning([&] {
    EXPECT_TRUE(keeper.AwaitTold().ok());
    keeper.Await();
    keeper.Die();
  });
  const v1::StopReply reply = Stop(cluster, 0);
  cleaning.join();
  EXPECT_EQ(reply.nodes_size(), 2);
  ASSERT_EQ(reply.failures_size(), 1);
  EXPECT_EQ(reply.failures(0), "node node1: its keeper ended before it had cleaned up");
}

TEST(KeeperTest, APeerThatEndsWithoutAStopLetsItsKeeperGoAtOnce) {
  std::string directory = "/tmp/coppice_keeper_XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const std::string socket = directory + "/peer/socket";
  auto node = StartNode({.places = AlonePlaces("n"), .export_root = "/", .unix_socket = socket});
  ASSERT_TRUE(node.ok()) << node.status();
  {
    FakeKeeper keeper(socket);
    keeper.Await();
    // With a grace that the test does not have: nothing waits for it.
    (*node)->Shutdown(absl::Hours(1));
    EXPECT_EQ(keeper.AwaitTold().error_code(), grpc::StatusCode::UNAVAILABLE);
  }
  std::filesystem::remove_all(directory);
}

TEST(KeeperTest, OverTcpNobodyIsTakenForWhatStartedTheNode) {
  const auto node = StartNode({.places = AlonePlaces("n"),
                               .export_root = testing::TempDir(),
                               .listen_addresses = {"127.0.0.1:0"}});
  ASSERT_TRUE(node.ok()) << node.status();
  const auto stub = v1::Membership::NewStub(OpenPatientChannel((*node)->tcp_address()));
  const auto code_of = [](auto call) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kWaitMax));
    return call(&context).error_code();
  };
  v1::ReportProbeReply probe;
  v1::ReportWarmingReply warming;
  v1::AwaitStopReply stop;
  v1::ReportCleanedUpReply cleaned_up;
  EXPECT_EQ(code_of([&](auto* context) { return stub->ReportProbe(context, {}, &probe); }),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code_of([&](auto* context) { return stub->ReportWarming(context, {}, &warming); }),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code_of([&](auto* context) { return stub->AwaitStop(context, {}, &stop); }),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code_of([&](auto* context) { return stub->ReportCleanedUp(context, {}, &cleaned_up); }),
            grpc::StatusCode::PERMISSION_DENIED);
  (*node)->Shutdown(absl::ZeroDuration());
}

TEST(KeeperTest, NothingIsCleanedUpBeforeAStop) {
  TestCluster cluster(1, 1);
  FakeKeeper keeper(cluster.SocketOf(0));
  keeper.Await();
  EXPECT_EQ(keeper.ReportCleanedUp().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

}  // namespace
}  // namespace coppice
