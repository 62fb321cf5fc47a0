#include "peer_server/keeper_watch.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "rpc/testing/fake_timer.h"

namespace coppice {
namespace {

class KeeperWatchTest : public testing::Test {
 protected:
  ~KeeperWatchTest() override { watch_.Close(); }

  struct Call {
    KeeperWatch::KeeperId id = 0;
    std::optional<absl::StatusOr<v1::AwaitStopReply>> answer;

    absl::StatusCode code() const { return answer->status().code(); }
  };
  std::shared_ptr<Call> Await() {
    auto call = std::make_shared<Call>();
    call->id = watch_.Await([call](absl::StatusOr<v1::AwaitStopReply> answer) {
      EXPECT_FALSE(call->answer.has_value());
      call->answer = std::move(answer);
    });
    return call;
  }
  void CleanUp() {
    watch_.CleanUp("it is over", absl::Seconds(5), [this](std::string problem) {
      EXPECT_FALSE(cleaned_.has_value());
      cleaned_ = std::move(problem);
    });
  }

  FakeTimer timer_;
  KeeperWatch watch_{timer_};
  std::optional<std::string> cleaned_;
};

TEST_F(KeeperWatchTest, WithoutAKeeperNobodyIsWaitedFor) {
  CleanUp();
  EXPECT_EQ(cleaned_, "");
  EXPECT_EQ(timer_.PendingCount(), 0u);
}

TEST_F(KeeperWatchTest, TheKeeperIsToldOfTheStopAndWaitedFor) {
  const auto keeper = Await();
  EXPECT_TRUE(watch_.has_keeper());
  EXPECT_FALSE(keeper->answer.has_value());
  CleanUp();
  ASSERT_TRUE(keeper->answer.has_value());
  EXPECT_EQ((*keeper->answer)->reason(), "it is over");
  EXPECT_EQ((*keeper->answer)->time_left_ns(), 5'000'000'000u);
  EXPECT_FALSE(cleaned_.has_value());
  EXPECT_TRUE(watch_.CleanedUp("").ok());
  EXPECT_EQ(cleaned_, "");
  EXPECT_EQ(timer_.PendingCount(), 0u);
}

TEST_F(KeeperWatchTest, WhatTheKeeperCouldNotCleanIsTold) {
  Await();
  CleanUp();
  EXPECT_TRUE(watch_.CleanedUp("/mnt is busy").ok());
  EXPECT_EQ(cleaned_, "/mnt is busy");
}

TEST_F(KeeperWatchTest, ALateKeeperIsNoLongerWaitedFor) {
  Await();
  CleanUp();
  timer_.Advance(absl::Seconds(5) - absl::Nanoseconds(1));
  EXPECT_FALSE(cleaned_.has_value());
  timer_.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(cleaned_, "not cleaned up in time");
  EXPECT_EQ(watch_.CleanedUp("").code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(KeeperWatchTest, ASecondKeeperTakesThePlaceOfTheFirst) {
  const auto first = Await();
  const auto second = Await();
  ASSERT_TRUE(first->answer.has_value());
  EXPECT_EQ(first->code(), absl::StatusCode::kAborted);
  // The end of a call that was answered says nothing of the keeper that waits.
  watch_.Leave(first->id);
  EXPECT_TRUE(watch_.has_keeper());
  CleanUp();
  ASSERT_TRUE(second->answer.has_value());
  EXPECT_TRUE(second->answer->ok());
}

TEST_F(KeeperWatchTest, OfAKeeperThatDiesBeforeTheStopThatIsTold) {
  const auto keeper = Await();
  watch_.Leave(keeper->id);
  ASSERT_TRUE(keeper->answer.has_value());
  EXPECT_EQ(keeper->code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(watch_.has_keeper());
  CleanUp();
  EXPECT_EQ(cleaned_, "its keeper has died, so nobody has cleaned up behind it");
  EXPECT_EQ(timer_.PendingCount(), 0u);
}

TEST_F(KeeperWatchTest, AKeeperThatComesAfterOneThatDiedIsTheKeeper) {
  watch_.Leave(Await()->id);
  Await();
  CleanUp();
  EXPECT_TRUE(watch_.CleanedUp("").ok());
  EXPECT_EQ(cleaned_, "");
}

TEST_F(KeeperWatchTest, AKeeperThatDiesWhileItCleansUpIsNotWaitedForAndTold) {
  Await();
  CleanUp();
  const auto held = Await();
  EXPECT_FALSE(held->answer.has_value());
  EXPECT_FALSE(cleaned_.has_value());
  watch_.Leave(held->id);
  EXPECT_EQ(cleaned_, "its keeper ended before it had cleaned up");
  EXPECT_EQ(timer_.PendingCount(), 0u);
}

TEST_F(KeeperWatchTest, AKeeperThatTheAnswerDoesNotReachIsNotWaitedFor) {
  const auto keeper = Await();
  CleanUp();
  watch_.Leave(keeper->id);
  EXPECT_EQ(cleaned_, "its keeper ended before it had cleaned up");
}

TEST_F(KeeperWatchTest, TheEndOfTheFirstCallSaysNothingOfAKeeperThatHoldsAnother) {
  const auto keeper = Await();
  CleanUp();
  const auto held = Await();
  watch_.Leave(keeper->id);
  EXPECT_FALSE(held->answer.has_value());
  EXPECT_FALSE(cleaned_.has_value());
}

TEST_F(KeeperWatchTest, TheCallThatIsHeldWhileItCleansUpIsAnsweredWithTheEndOfThat) {
  Await();
  CleanUp();
  const auto held = Await();
  EXPECT_TRUE(watch_.CleanedUp("").ok());
  ASSERT_TRUE(held->answer.has_value());
  EXPECT_TRUE(held->answer->ok());
  EXPECT_EQ(Await()->code(), absl::StatusCode::kUnavailable);
}

TEST_F(KeeperWatchTest, NothingCanBeCleanedUpBeforeAStop) {
  EXPECT_EQ(watch_.CleanedUp("").code(), absl::StatusCode::kFailedPrecondition);
  Await();
  EXPECT_EQ(watch_.CleanedUp("").code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(KeeperWatchTest, ClosingEndsEveryWait) {
  const auto keeper = Await();
  watch_.Close();
  ASSERT_TRUE(keeper->answer.has_value());
  EXPECT_EQ(keeper->code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Await()->code(), absl::StatusCode::kUnavailable);
  CleanUp();
  EXPECT_EQ(cleaned_, "");
}

TEST_F(KeeperWatchTest, ClosingWhileTheKeeperCleansUpEndsThatWait) {
  Await();
  CleanUp();
  watch_.Close();
  EXPECT_EQ(cleaned_, "the peer ended before it was cleaned up");
  EXPECT_EQ(watch_.CleanedUp("").code(), absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace coppice
