#include "peer_server/cache_stack.h"

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/fake_clock.h"
#include "gtest/gtest.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

class CacheStackTest : public testing::Test {
 protected:
  CacheStackTest() {
    base_.AddFile("d/there", "t");
    clock_.Advance(absl::Seconds(10));
  }
  static Path At(const char* text) { return *Path::Parse(text); }
  Answer<PathState> Ask(const char* path) {
    Answer<PathState> answer;
    stack_->top().GetAttributes(At(path), {}, answer.MakeDone());
    return answer;
  }
  bool Exists(const char* path) {
    return AwaitAttributes(stack_->top(), At(path))->attributes.has_value();
  }

  FakeClock clock_;
  MemorySource base_{clock_};
  const std::unique_ptr<CacheStack> stack_ = AssembleStack(base_, {}, clock_);
};

// W8 of the predecessor: every answer, also a late or an old one, completed whoever asked for that
// path by then, so that an ENOENT of before was the answer of after.
TEST_F(CacheStackTest, W8_AnEnoentFromBeforeAnInvalidateCompletesNoLaterLookupAndIsNotKept) {
  base_.Hold(Kind::kAttributes);
  const Answer<PathState> before = Ask("d/new");
  base_.AwaitHeld(Kind::kAttributes, 1);
  base_.AddFile("d/new", "n");
  stack_->Invalidate({.path = At("d/new")});
  const Answer<PathState> after = Ask("d/new");
  base_.AwaitHeld(Kind::kAttributes, 2);

  base_.ReleaseOne(Kind::kAttributes);
  EXPECT_FALSE(before.Await()->attributes.has_value());
  EXPECT_FALSE(after.IsReady());
  // Neither does one who asks while both are known, one way or the other.
  const Answer<PathState> between = Ask("d/new");
  base_.Release(Kind::kAttributes);
  EXPECT_TRUE(after.Await()->attributes.has_value());
  EXPECT_TRUE(between.Await()->attributes.has_value());
  EXPECT_TRUE(Exists("d/new"));
}

TEST_F(CacheStackTest, W8_AnEnoentThatArrivesLateDoesNotHideWhatAYoungerListingShows) {
  base_.Hold(Kind::kAttributes);
  const Answer<PathState> before = Ask("d/new");
  base_.AwaitHeld(Kind::kAttributes, 1);
  base_.AddFile("d/new", "n");
  clock_.Advance(absl::Seconds(1));
  const auto listing = AwaitListing(stack_->top(), At("d"));
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_NE((*listing)->Find("new"), nullptr);
  base_.Release(Kind::kAttributes);
  EXPECT_FALSE(before.Await()->attributes.has_value());
  EXPECT_TRUE(Exists("d/new"));
}

TEST_F(CacheStackTest, W8_AnswersOnTheirWayAtOnceEachCompleteTheirOwnLookup) {
  base_.AddFile("e/there", "e");
  base_.Hold(Kind::kAttributes);
  const Answer<PathState> missing = Ask("d/missing");
  const Answer<PathState> there = Ask("d/there");
  const Answer<PathState> other_missing = Ask("e/missing");
  const Answer<PathState> other_there = Ask("e/there");
  base_.AwaitHeld(Kind::kAttributes, 4);
  base_.Release(Kind::kAttributes);
  EXPECT_FALSE(missing.Await()->attributes.has_value());
  EXPECT_TRUE(there.Await()->attributes.has_value());
  EXPECT_FALSE(other_missing.Await()->attributes.has_value());
  EXPECT_TRUE(other_there.Await()->attributes.has_value());
}

}  // namespace
}  // namespace coppice
