// A root that answers what the test has put down for it.
#include "deploy/launcher/tree_readiness.h"

#include <deque>
#include <utility>

#include "absl/time/clock.h"
#include "deploy/pipe.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

v1::MemberSet SetOf(uint8_t bits, uint32_t first_byte = 0) {
  v1::MemberSet set;
  set.set_first_byte(first_byte);
  if (bits != 0) set.set_bits(std::string(1, static_cast<char>(bits)));
  return set;
}

// Gives its answers in turn, the last one for ever.
class ScriptedRoot final : public RootReadiness {
 public:
  absl::StatusOr<v1::GetReadinessReply> Ask(const v1::GetReadinessRequest& request,
                                            const WaitLimits&, AbsentPeer) override {
    last_request = request;
    ++questions;
    if (answers.empty()) return failure;
    if (answers.size() == 1 && !dies) return answers.front();
    auto answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }

  v1::GetReadinessReply& Add() { return answers.emplace_back(); }

  std::deque<v1::GetReadinessReply> answers;
  v1::GetReadinessRequest last_request;
  int questions = 0;
  // After the last answer.
  bool dies = false;
  // As RootReadiness has it: UNAVAILABLE is of a connection that there was.
  absl::Status failure = absl::DeadlineExceededError("nobody listens");
};

class TreeReadinessTest : public testing::Test {
 protected:
  // n0 above n1 and n2, n1 above n3.
  TreeReadinessTest() : tree_(*TreeFile::Make(Members(), {.fanout = 2})) {}

  static std::vector<Member> Members() {
    std::vector<Member> members;
    for (int i = 0; i < 4; ++i) {
      members.push_back({.name = absl::StrCat("n", i), .addresses = {absl::StrCat("n", i, ":1")}});
    }
    return members;
  }

  absl::StatusOr<std::vector<MemberReadiness>> Await(TreeReadinessOptions options = {},
                                                     WaitLimits limits = {}) {
    if (options.started.empty()) options.started = {true, true, true, true};
    options.progress = [this](absl::string_view text) { said_.emplace_back(text); };
    options.interval = absl::Milliseconds(1);
    options.lost_grace = absl::Milliseconds(5);
    return AwaitTreeReadiness(tree_, root_, options, limits);
  }

  const TreeFile tree_;
  ScriptedRoot root_;
  std::vector<std::string> said_;
};

TEST_F(TreeReadinessTest, IsOverWhenAllWhoWereStartedAreProven) {
  root_.Add().set_total(4);
  v1::GetReadinessReply& last = root_.Add();
  last.set_reached(true);
  *last.mutable_proven_set() = SetOf(0b0111);
  const auto found = Await({.started = {true, true, true, false}});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE((*found)[0].ready && (*found)[1].ready && (*found)[2].ready);
  EXPECT_FALSE((*found)[3].ready);
  EXPECT_EQ(root_.last_request.wait_until_members(), 3u);
  EXPECT_EQ(root_.last_request.wait_for(), v1::READINESS_STATE_PROVEN);
  EXPECT_EQ(root_.questions, 2);
}

TEST_F(TreeReadinessTest, WithARecordingReadyIsWarm) {
  v1::GetReadinessReply& reply = root_.Add();
  reply.set_reached(true);
  for (v1::MemberSet* set :
       {reply.mutable_connected_set(), reply.mutable_mounted_set(), reply.mutable_proven_set()}) {
    *set = SetOf(0b1111);
  }
  *reply.mutable_warm_set() = SetOf(0b0001);
  const auto found = Await({.warm = true});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(root_.last_request.wait_for(), v1::READINESS_STATE_WARM);
  EXPECT_TRUE((*found)[0].ready);
  EXPECT_EQ((*found)[1].reason, "it was not warm in time");
}

TEST_F(TreeReadinessTest, AProblemIsTheReasonAndNobodyWaitsForItsNode) {
  v1::GetReadinessReply& reply = root_.Add();
  *reply.mutable_proven_set() = SetOf(0b1011);
  v1::MemberProblem& problem = *reply.add_problems();
  problem.set_member(2);
  problem.set_text("no mount");
  const auto found = Await();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE((*found)[3].ready);
  EXPECT_FALSE((*found)[2].ready);
  EXPECT_EQ((*found)[2].reason, "no mount");
}

TEST_F(TreeReadinessTest, TheLostAreWaitedForALittle) {
  v1::GetReadinessReply& silent = root_.Add();
  *silent.mutable_proven_set() = SetOf(0b0101);
  *silent.mutable_lost_set() = SetOf(0b1010);
  v1::GetReadinessReply& back = root_.Add();
  back.set_reached(true);
  *back.mutable_proven_set() = SetOf(0b1111);
  const auto found = Await();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE((*found)[1].ready && (*found)[3].ready);
}

TEST_F(TreeReadinessTest, TheLostWhoStaySilentEndIt) {
  v1::GetReadinessReply& silent = root_.Add();
  *silent.mutable_proven_set() = SetOf(0b0101);
  *silent.mutable_lost_set() = SetOf(0b1010);
  const auto found = Await();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE((*found)[1].lost && (*found)[3].lost);
  EXPECT_THAT((*found)[1].reason, HasSubstr("silent"));
}

TEST_F(TreeReadinessTest, TheDeadlineEndsItAndSaysHowFarEachCame) {
  v1::GetReadinessReply& reply = root_.Add();
  *reply.mutable_connected_set() = SetOf(0b0111);
  *reply.mutable_mounted_set() = SetOf(0b0011);
  *reply.mutable_proven_set() = SetOf(0b0001);
  const auto found = Await({}, {.deadline = absl::InfinitePast()});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT((*found)[1].reason, HasSubstr("not read"));
  EXPECT_THAT((*found)[2].reason, HasSubstr("not mounted"));
  EXPECT_EQ((*found)[3].reason, "its peer has not come to the root in time (its parent is n1)");
}

TEST_F(TreeReadinessTest, SetsMayBeginAtALaterByte) {
  std::vector<Member> members;
  std::vector<bool> started(20, true);
  for (int i = 0; i < 20; ++i) {
    members.push_back({.name = absl::StrCat("n", i), .addresses = {"a:1"}});
  }
  v1::GetReadinessReply& reply = root_.Add();
  reply.set_reached(true);
  *reply.mutable_proven_set() = SetOf(0b00001001, /*first_byte=*/2);
  const auto found =
      AwaitTreeReadiness(*TreeFile::Make(members, {.fanout = 2}), root_,
                         {.started = started, .progress = [](absl::string_view) {}}, {});
  ASSERT_TRUE(found.ok()) << found.status();
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ((*found)[i].ready, i == 16 || i == 19) << i;
}

TEST_F(TreeReadinessTest, ProgressNamesTheStates) {
  v1::GetReadinessReply& reply = root_.Add();
  reply.set_total(4);
  reply.set_mounted(3);
  reply.set_proven(1);
  reply.set_warm(1);
  reply.set_warmed_bytes(5 << 20);
  root_.Add() = reply;
  root_.Add() = reply;
  root_.answers.back().set_reached(true);
  ASSERT_TRUE(Await({.warm = true}).ok());
  ASSERT_FALSE(said_.empty());
  EXPECT_EQ(said_[0], "3/4 mounted, 1 proven, 1 warm (5.0 MiB read)");
}

TEST_F(TreeReadinessTest, ARootThatCannotBeAskedIsNamedWithTheWayOut) {
  const auto found = Await();
  EXPECT_EQ(found.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("the root n0 cannot be asked"));
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("--addresses"));
}

TEST_F(TreeReadinessTest, ARootThatIsLostAfterItHasAnsweredIsLostWithAllBelowIt) {
  *root_.Add().mutable_proven_set() = SetOf(0b1110);
  root_.dies = true;
  const auto found = Await();
  ASSERT_TRUE(found.ok()) << found.status();
  for (const MemberReadiness& member : *found) EXPECT_TRUE(member.lost && !member.ready);
  EXPECT_EQ((*found)[0].reason, "it was lost: nobody listens");
  EXPECT_EQ((*found)[3].reason, "the root n0 was lost");
}

TEST_F(TreeReadinessTest, ARootWhoseConnectionBreaksBeforeItAnswersIsLostToo) {
  root_.failure = absl::UnavailableError("Socket closed");
  const auto found = Await();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE((*found)[0].lost && (*found)[3].lost);
}

TEST_F(TreeReadinessTest, AnInterruptionEndsIt) {
  root_.Add().set_total(4);
  auto interrupted = OpenPipe();
  ASSERT_TRUE(interrupted.ok());
  interrupted->write_end.Reset();
  const auto found = Await({}, {.interrupt_descriptor = interrupted->read_end.get()});
  EXPECT_EQ(found.status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace coppice
