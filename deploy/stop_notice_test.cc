// With real peers in this process.
#include "deploy/stop_notice.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "common/mutex.h"
#include "deploy/descriptor_wait.h"
#include "deploy/probe_report.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "peer_server/testing/test_cluster.h"
#include "proto/inspection.grpc.pb.h"
#include "proto/membership.grpc.pb.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

absl::Time Soon() { return absl::Now() + absl::Minutes(1); }

// A peer that answers the first AwaitStop at once, and holds the next until it is given up.
class FakePeer final : public v1::Membership::CallbackService {
 public:
  explicit FakePeer(const std::string& socket) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  grpc::ServerUnaryReactor* AwaitStop(grpc::CallbackServerContext* context,
                                      const v1::AwaitStopRequest*, v1::AwaitStopReply*) override {
    {
      MutexLock lock(mutex_);
      if (++calls_ > 1) {
        changed_.NotifyAll();
        return new HeldCall(*this);
      }
    }
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  bool AwaitHeld() {
    return Await([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return calls_ > 1; });
  }
  bool AwaitGivenUp() {
    return Await([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return given_up_; });
  }

 private:
  class HeldCall final : public grpc::ServerUnaryReactor {
   public:
    explicit HeldCall(FakePeer& peer) : peer_(peer) {}
    void OnCancel() override {
      {
        MutexLock lock(peer_.mutex_);
        peer_.given_up_ = true;
        peer_.changed_.NotifyAll();
      }
      Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    FakePeer& peer_;
  };

  template <typename Condition>
  bool Await(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    MutexLock lock(mutex_);
    while (!condition()) {
      const auto left = limit - std::chrono::steady_clock::now();
      if (left.count() <= 0) return false;
      changed_.WaitFor(mutex_, left);
    }
    return true;
  }

  Mutex mutex_;
  CondVar changed_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  bool given_up_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<grpc::Server> server_;
};

class StopNoticeTest : public testing::Test {
 protected:
  // The one that waits: of two, the peer has failed the other for it.
  std::unique_ptr<StopNotice> Wait(size_t node) {
    auto first = OpenStopNotice(cluster_.SocketOf(node));
    auto second = OpenStopNotice(cluster_.SocketOf(node));
    const auto ended =
        WaitReadable({(*first)->descriptor(), (*second)->descriptor()}, {.deadline = Soon()});
    EXPECT_TRUE(ended.ok()) << ended.status();
    std::unique_ptr<StopNotice>& aborted = *ended == 0 ? *first : *second;
    EXPECT_EQ(aborted->outcome().code(), absl::StatusCode::kAborted) << aborted->outcome();
    return *ended == 0 ? *std::move(second) : *std::move(first);
  }
  static void AwaitEnd(const StopNotice& notice) {
    EXPECT_TRUE(WaitReadable({notice.descriptor()}, {.deadline = Soon()}).ok());
  }
  v1::StopReply Stop() {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(Soon()));
    v1::StopRequest request;
    request.set_reason("the test is over");
    v1::StopReply reply;
    const grpc::Status status = cluster_.inspection(0).Stop(&context, request, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return reply;
  }
  v1::GetReadinessReply Readiness() {
    grpc::ClientContext context;
    v1::GetReadinessReply reply;
    const grpc::Status status = cluster_.inspection(1).GetReadiness(&context, {}, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return reply;
  }

  TestCluster cluster_{2, 1};
};

TEST_F(StopNoticeTest, AStopIsNoticedAndItsAnswerSaysWhatWasCleanedUp) {
  const auto notice = Wait(1);
  EXPECT_EQ(notice->outcome().code(), absl::StatusCode::kFailedPrecondition);
  std::thread keeper([&] {
    AwaitEnd(*notice);
    EXPECT_TRUE(notice->outcome().ok()) << notice->outcome();
    EXPECT_EQ(notice->reason(), "the test is over");
    EXPECT_GT(notice->time_left(), absl::ZeroDuration());
    // The connection is there without the name.
    std::filesystem::remove(cluster_.SocketOf(1));
    EXPECT_TRUE(notice->ReportCleanedUp("/tmp/x is left", Soon()).ok());
  });
  const v1::StopReply reply = Stop();
  keeper.join();
  ASSERT_EQ(reply.failures_size(), 1);
  EXPECT_EQ(reply.failures(0), "node node1: /tmp/x is left");
  EXPECT_TRUE(cluster_.AwaitStopped(1));
}

TEST_F(StopNoticeTest, WhileItIsCleanedUpThePeerSeesWhetherWeLive) {
  const std::string socket = cluster_.SocketOf(1) + ".fake";
  FakePeer peer(socket);
  auto notice = OpenStopNotice(socket);
  ASSERT_TRUE(notice.ok()) << notice.status();
  AwaitEnd(**notice);
  EXPECT_TRUE((*notice)->outcome().ok()) << (*notice)->outcome();
  ASSERT_TRUE(peer.AwaitHeld());
  notice->reset();
  EXPECT_TRUE(peer.AwaitGivenUp());
}

TEST_F(StopNoticeTest, APeerThatEndsOtherwiseIsNoticedToo) {
  const auto notice = Wait(1);
  cluster_.Stop(1);
  AwaitEnd(*notice);
  EXPECT_EQ(notice->outcome().code(), absl::StatusCode::kUnavailable) << notice->outcome();
  EXPECT_EQ(notice->time_left(), absl::ZeroDuration());
  EXPECT_EQ(notice->ReportCleanedUp("", Soon()).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(StopNoticeTest, WithoutAPeerTheWaitEndsAtOnce) {
  const auto notice = OpenStopNotice(cluster_.SocketOf(1) + ".no");
  ASSERT_TRUE(notice.ok());
  AwaitEnd(**notice);
  EXPECT_EQ((*notice)->outcome().code(), absl::StatusCode::kUnavailable) << (*notice)->outcome();
  EXPECT_THAT(std::string((*notice)->outcome().message()), HasSubstr(".no"));
}

TEST_F(StopNoticeTest, ItCanGoWhileNothingHasHappened) {
  Wait(1);
  // Not held up by one who is gone, whether the peer has seen that yet or not.
  EXPECT_EQ(Stop().nodes_size(), 2);
}

TEST_F(StopNoticeTest, AProblemAndTheProgressOfWarmingAreToldToThePeer) {
  const std::string socket = cluster_.SocketOf(1);
  EXPECT_TRUE(ReportProblem(socket, "no /dev/fuse", Soon()).ok());
  EXPECT_TRUE(ReportWarming(socket, 4711, false, "", Soon()).ok());
  v1::GetReadinessReply reply = Readiness();
  EXPECT_EQ(reply.warmed_bytes(), 4711u);
  ASSERT_EQ(reply.problems_size(), 1);
  EXPECT_EQ(reply.problems(0).text(), "no /dev/fuse");
  EXPECT_TRUE(ReportMountRead(socket, Soon()).ok());
  EXPECT_TRUE(ReportWarming(socket, 4711, false, "no such trace", Soon()).ok());
  reply = Readiness();
  ASSERT_EQ(reply.problems_size(), 1);
  EXPECT_EQ(reply.problems(0).text(), "no such trace");
}

TEST_F(StopNoticeTest, WhatCannotBeToldIsAnErrorThatNamesThePeer) {
  const std::string socket = cluster_.SocketOf(1) + ".no";
  for (const absl::Status& status : {ReportProblem(socket, "no /dev/fuse", Soon()),
                                     ReportWarming(socket, 1, true, "", Soon())}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(status.message()), HasSubstr(socket));
  }
}

}  // namespace
}  // namespace coppice
