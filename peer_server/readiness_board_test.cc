#include "peer_server/readiness_board.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "peer_server/readiness_waits.h"
#include "rpc/testing/fake_timer.h"

namespace coppice {
namespace {

// n0 above n1 and n2; n1 above n3 and n4; n2 above n5 and n6.
Roster SevenNodes() {
  std::vector<Member> members;
  for (int i = 0; i < 7; ++i) {
    members.push_back({.name = absl::StrCat("n", i), .addresses = {absl::StrCat("h:", 1 + i)}});
  }
  return Roster(*TreeFile::Make(std::move(members), {.fanout = 2}));
}

class ReadinessBoardTest : public testing::Test {
 protected:
  ReadinessBoardTest() {
    for (uint32_t i = 0; i < 7; ++i) {
      boards_.push_back(std::make_unique<ReadinessBoard>(roster_, i, 100 + i, timer_.clock()));
    }
    waits_ = std::make_unique<ReadinessWaits>(*boards_[0], timer_);
    boards_[0]->SetOnChange([this] { waits_->Changed(); });
  }
  ~ReadinessBoardTest() override { waits_->Close(); }

  ReadinessBoard& board(int i) { return *boards_[i]; }

  void MakeProven(int i) {
    board(i).SetConnected(true);
    board(i).SetMounted(true);
    board(i).SetProbed("");
  }
  // All that the child knows, to its parent.
  void Report(int child) { ASSERT_TRUE(board((child - 1) / 2).Take(board(child).Report(0)).ok()); }
  void ReportAll() {
    for (int child = 6; child > 0; --child) Report(child);
  }

  struct Waiting {
    bool answered = false;
    absl::StatusOr<v1::GetReadinessReply> reply = v1::GetReadinessReply();
  };
  std::shared_ptr<Waiting> Wait(const v1::GetReadinessRequest& request,
                                absl::Duration time_left = absl::Seconds(30)) {
    auto waiting = std::make_shared<Waiting>();
    waits_->Ask(request, time_left, [waiting](absl::StatusOr<v1::GetReadinessReply> reply) {
      EXPECT_FALSE(waiting->answered);
      waiting->answered = true;
      waiting->reply = std::move(reply);
    });
    return waiting;
  }

  const Roster roster_ = SevenNodes();
  FakeTimer timer_;
  std::vector<std::unique_ptr<ReadinessBoard>> boards_;
  std::unique_ptr<ReadinessWaits> waits_;
};

TEST_F(ReadinessBoardTest, NothingIsReadyAtFirstAndEachIsNamed) {
  const v1::GetReadinessReply reply = board(0).Snapshot();
  EXPECT_EQ(reply.node(), "n0");
  EXPECT_EQ(reply.total(), 7u);
  EXPECT_EQ(reply.connected() + reply.mounted() + reply.proven() + reply.lost(), 0u);
  EXPECT_EQ(reply.not_connected(), "n[0-6]");
  EXPECT_EQ(reply.not_proven(), "n[0-6]");
}

TEST_F(ReadinessBoardTest, EachStateIncludesThoseBeforeIt) {
  board(3).SetProbed("");
  EXPECT_EQ(board(3).Snapshot().proven(), 0u);
  board(3).SetMounted(true);
  EXPECT_EQ(board(3).Snapshot().mounted(), 0u);
  board(3).SetConnected(true);
  EXPECT_EQ(board(3).Snapshot().connected(), 1u);
  EXPECT_EQ(board(3).Snapshot().mounted(), 1u);
  EXPECT_EQ(board(3).Snapshot().proven(), 1u);
  board(3).SetMounted(false);
  EXPECT_EQ(board(3).Snapshot().proven(), 0u);
  board(3).SetMounted(true);
  EXPECT_EQ(board(3).Snapshot().proven(), 0u) << "another mount, which nobody has read";
}

TEST_F(ReadinessBoardTest, AWarmNodeIsProvenAndWithoutItsMountItIsNoLonger) {
  board(3).SetWarming(100, true, "");
  EXPECT_EQ(board(3).Snapshot().warm(), 0u);
  MakeProven(3);
  v1::GetReadinessReply reply = board(3).Snapshot();
  EXPECT_EQ(reply.warm(), 1u);
  board(3).SetWarming(50, false, "");
  reply = board(3).Snapshot();
  EXPECT_EQ(reply.warm(), 0u);
  EXPECT_EQ(reply.not_warm(), "n3");
  EXPECT_EQ(reply.warmed_bytes(), 50u);
  board(3).SetWarming(100, true, "");
  reply = board(3).Snapshot();
  EXPECT_EQ(reply.warm(), 1u);
  EXPECT_EQ(reply.not_warm(), "");
  board(3).SetProbed("it hangs");
  EXPECT_EQ(board(3).Snapshot().warm(), 0u);
  board(3).SetProbed("");
  EXPECT_EQ(board(3).Snapshot().warm(), 1u);
  board(3).SetMounted(false);
  EXPECT_EQ(board(3).Snapshot().warm(), 0u);
  EXPECT_EQ(board(3).Snapshot().warmed_bytes(), 0u);
  MakeProven(3);
  EXPECT_EQ(board(3).Snapshot().warm(), 0u) << "another mount, which nobody has warmed";
}

TEST_F(ReadinessBoardTest, WarmMembersAndBytesAreSummedUpTheTree) {
  for (int i = 0; i < 7; ++i) {
    MakeProven(i);
    board(i).SetWarming(1 << i, i != 4, "");
  }
  ReportAll();
  const v1::GetReadinessReply reply = board(0).Snapshot();
  EXPECT_EQ(reply.warm(), 6u);
  EXPECT_EQ(reply.not_warm(), "n4");
  EXPECT_EQ(reply.warmed_bytes(), 127u);
  EXPECT_EQ(board(1).Snapshot().warmed_bytes(), 2u + 8 + 16);
}

TEST_F(ReadinessBoardTest, TheRestartOfAChildResetsWhatItHasWarmed) {
  for (const int i : {3, 1}) {
    MakeProven(i);
    board(i).SetWarming(100, true, "");
    Report(i);
  }
  EXPECT_EQ(board(0).Snapshot().warmed_bytes(), 200u);
  ReadinessBoard restarted(roster_, 1, 4711, timer_.clock());
  ASSERT_TRUE(board(0).Take(restarted.Report(0)).ok());
  EXPECT_EQ(board(0).Snapshot().warmed_bytes(), 0u) << "it knows nothing of its children yet";
  EXPECT_EQ(board(0).Snapshot().warm(), 0u);
  ASSERT_TRUE(restarted.Take(board(3).Report(0)).ok());
  ASSERT_TRUE(board(0).Take(restarted.Report(0)).ok());
  EXPECT_EQ(board(0).Snapshot().warmed_bytes(), 100u);
  EXPECT_EQ(board(0).Snapshot().warm(), 1u);
}

TEST_F(ReadinessBoardTest, WhatASilentChildHasWarmedIsNotCounted) {
  board(1).SetWarming(100, false, "");
  Report(1);
  timer_.Advance(kSilenceMax);
  board(0).FindSilentChildren();
  EXPECT_EQ(board(0).Snapshot().warmed_bytes(), 0u);
}

TEST_F(ReadinessBoardTest, AProblemOfWarmingIsToldAndGoesWithItsCause) {
  MakeProven(6);
  board(6).SetWarming(10, true, "no such trace");
  EXPECT_EQ(board(6).Snapshot().warm(), 0u);
  ReportAll();
  ASSERT_EQ(board(0).Snapshot().problems_size(), 1);
  EXPECT_EQ(board(0).Snapshot().problems(0).text(), "no such trace");
  // What the probe says is another thing.
  board(6).SetProbed("");
  EXPECT_EQ(board(6).Snapshot().problems_size(), 1);
  board(6).SetWarming(20, true, "");
  EXPECT_EQ(board(6).Snapshot().problems_size(), 0);
  EXPECT_EQ(board(6).Snapshot().warm(), 1u);
}

TEST_F(ReadinessBoardTest, EachStepOfWarmingIsAChangeAndARepetitionIsNone) {
  v1::GetReadinessRequest request;
  request.set_known_revision(board(0).revision());
  const auto waiting = Wait(request);
  board(0).SetWarming(0, false, "");
  EXPECT_FALSE(waiting->answered);
  board(0).SetWarming(10, false, "");
  ASSERT_TRUE(waiting->answered);
  EXPECT_EQ(waiting->reply->warmed_bytes(), 10u);
  const uint64_t revision = board(0).revision();
  board(0).SetWarming(10, false, "");
  EXPECT_EQ(board(0).revision(), revision);
}

TEST_F(ReadinessBoardTest, AWaitForWarmMembersEndsWithTheLastOrItsProblem) {
  v1::GetReadinessRequest request;
  request.set_wait_until_members(7);
  request.set_wait_for(v1::READINESS_STATE_WARM);
  const auto all = Wait(request);
  request.set_wait_until_members(6);
  const auto six = Wait(request);
  for (int i = 0; i < 7; ++i) {
    MakeProven(i);
    if (i != 6) board(i).SetWarming(1, true, "");
  }
  EXPECT_FALSE(six->answered);
  ReportAll();
  ASSERT_TRUE(six->answered);
  EXPECT_TRUE(six->reply->reached());
  EXPECT_FALSE(all->answered);
  board(6).SetWarming(1, false, "it hangs");
  ReportAll();
  ASSERT_TRUE(all->answered);
  EXPECT_FALSE(all->reply->reached());
  EXPECT_EQ(all->reply->not_warm(), "n6");
}

TEST_F(ReadinessBoardTest, WhatIsBelowAChildComesUpWithIt) {
  for (const int i : {0, 1, 3, 4, 6}) MakeProven(i);
  ReportAll();
  const v1::GetReadinessReply reply = board(0).Snapshot();
  EXPECT_EQ(reply.proven(), 5u);
  EXPECT_EQ(reply.not_proven(), "n[2,5]");
  EXPECT_EQ(reply.proven_set().first_byte(), 0u);
  EXPECT_EQ(reply.proven_set().bits(), std::string(1, 0b1011011));
  EXPECT_EQ(board(1).Snapshot().total(), 3u);
  EXPECT_EQ(board(1).Snapshot().proven(), 3u);
}

TEST_F(ReadinessBoardTest, AProblemIsToldUpToTheRootAndGoesWithItsCause) {
  board(6).SetProbed("no /dev/fuse");
  ReportAll();
  const v1::GetReadinessReply reply = board(0).Snapshot();
  ASSERT_EQ(reply.problems_size(), 1);
  EXPECT_EQ(reply.problems(0).node(), "n6");
  EXPECT_EQ(reply.problems(0).text(), "no /dev/fuse");
  MakeProven(6);
  ReportAll();
  EXPECT_EQ(board(0).Snapshot().problems_size(), 0);
}

TEST_F(ReadinessBoardTest, ASilentChildIsLostWithAllBelowItUntilItReportsAgain) {
  for (int i = 0; i < 7; ++i) MakeProven(i);
  ReportAll();
  EXPECT_EQ(board(0).Snapshot().proven(), 7u);
  const uint64_t taken = board(1).revision();
  timer_.Advance(kSilenceMax - absl::Milliseconds(1));
  board(0).FindSilentChildren();
  EXPECT_EQ(board(0).Snapshot().lost(), 0u);
  Report(2);
  timer_.Advance(absl::Milliseconds(1));
  board(0).FindSilentChildren();
  const v1::GetReadinessReply lost = board(0).Snapshot();
  EXPECT_EQ(lost.lost(), 3u);
  EXPECT_EQ(lost.lost_members(), "n[1,3-4]");
  EXPECT_EQ(lost.proven(), 4u);
  ASSERT_EQ(lost.problems_size(), 1);
  EXPECT_EQ(lost.problems(0).node(), "n1");
  EXPECT_FALSE(*board(0).Take(board(1).Report(taken)));
  EXPECT_EQ(board(0).Snapshot().proven(), 7u);
}

TEST_F(ReadinessBoardTest, AChildThatNeverReportedIsNotLost) {
  timer_.Advance(absl::Hours(1));
  board(0).FindSilentChildren();
  EXPECT_EQ(board(0).Snapshot().lost(), 0u);
}

TEST_F(ReadinessBoardTest, AnUnchangedReportOfAnUnknownRevisionAsksForAll) {
  MakeProven(1);
  v1::SubtreeReport unchanged = board(1).Report(board(1).revision());
  EXPECT_TRUE(unchanged.unchanged());
  EXPECT_TRUE(unchanged.connected().bits().empty());
  EXPECT_TRUE(*board(0).Take(unchanged));
  Report(1);
  EXPECT_FALSE(*board(0).Take(unchanged));
  unchanged.set_process_id(4711);  // it has restarted
  EXPECT_TRUE(*board(0).Take(unchanged));
}

TEST_F(ReadinessBoardTest, AnOlderReportThatComesLaterChangesNothing) {
  const v1::SubtreeReport old = board(1).Report(0);
  MakeProven(1);
  Report(1);
  EXPECT_FALSE(*board(0).Take(old));
  EXPECT_EQ(board(0).Snapshot().proven(), 1u);
}

TEST_F(ReadinessBoardTest, AReportOfWhoIsNoChildOrOfMembersNotBelowItIsRefused) {
  EXPECT_EQ(board(0).Take(board(3).Report(0)).status().code(), absl::StatusCode::kInvalidArgument);
  v1::SubtreeReport report = board(1).Report(0);
  MemberSet foreign;
  foreign.Insert(2);
  *report.mutable_proven() = foreign.Encode();
  EXPECT_EQ(board(0).Take(report).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(board(0).Snapshot().proven(), 0u);
}

TEST_F(ReadinessBoardTest, AWaitEndsWhenTheLateMountIsProven) {
  for (int i = 0; i < 6; ++i) MakeProven(i);
  ReportAll();
  v1::GetReadinessRequest request;
  request.set_wait_until_members(1000);  // all
  const auto waiting = Wait(request);
  EXPECT_FALSE(waiting->answered);
  MakeProven(6);
  Report(6);
  EXPECT_FALSE(waiting->answered);
  Report(2);
  ASSERT_TRUE(waiting->answered);
  EXPECT_TRUE(waiting->reply->reached());
  EXPECT_EQ(waiting->reply->proven(), 7u);
  EXPECT_EQ(timer_.PendingCount(), 0u);
}

TEST_F(ReadinessBoardTest, AWaitEndsWhenEachMissingMemberIsLostOrHasAProblem) {
  for (int i = 0; i < 6; ++i) MakeProven(i);
  ReportAll();
  v1::GetReadinessRequest request;
  request.set_wait_until_members(7);
  const auto waiting = Wait(request);
  board(6).SetProbed("connection refused");
  ReportAll();
  ASSERT_TRUE(waiting->answered);
  EXPECT_FALSE(waiting->reply->reached());
  EXPECT_EQ(waiting->reply->not_proven(), "n6");
}

TEST_F(ReadinessBoardTest, AWaitEndsWithItsTimeOrTheCallers) {
  v1::GetReadinessRequest request;
  request.set_wait_until_members(7);
  const auto of_call = Wait(request, absl::Seconds(2));
  request.set_wait_max_ns(absl::ToInt64Nanoseconds(absl::Seconds(1)));
  const auto own = Wait(request);
  timer_.Advance(absl::Seconds(1));
  EXPECT_TRUE(own->answered);
  EXPECT_FALSE(of_call->answered);
  timer_.Advance(absl::Seconds(1));
  EXPECT_TRUE(of_call->answered);
  EXPECT_FALSE(of_call->reply->reached());
}

TEST_F(ReadinessBoardTest, AWaitForAnotherRevisionEndsWithTheNextChange) {
  v1::GetReadinessRequest request;
  request.set_known_revision(board(0).revision());
  const auto waiting = Wait(request);
  EXPECT_FALSE(waiting->answered);
  board(0).SetConnected(true);
  ASSERT_TRUE(waiting->answered);
  EXPECT_EQ(waiting->reply->connected(), 1u);
  EXPECT_TRUE(Wait(request)->answered) << "the revision is an old one already";
}

TEST_F(ReadinessBoardTest, OneWaiterTooManyIsRefusedAndClosingAnswersTheOthers) {
  v1::GetReadinessRequest request;
  request.set_wait_until_members(7);
  std::vector<std::shared_ptr<Waiting>> waiting;
  for (size_t i = 0; i < kReadinessWaitsMax; ++i) waiting.push_back(Wait(request));
  EXPECT_EQ(Wait(request)->reply.status().code(), absl::StatusCode::kResourceExhausted);
  waits_->Close();
  for (const auto& one : waiting) EXPECT_TRUE(one->answered);
  EXPECT_TRUE(Wait(request)->answered);
}

}  // namespace
}  // namespace coppice
