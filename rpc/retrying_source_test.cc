#include "rpc/retrying_source.h"

#include <cerrno>
#include <memory>
#include <string>

#include "common/status.h"
#include "gtest/gtest.h"
#include "rpc/status_codec.h"
#include "rpc/testing/fake_timer.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

class RetryingSourceTest : public testing::Test {
 protected:
  RetryingSourceTest() {
    memory_.AddFile("a", "bytes");
    context_.deadline = timer_.clock().Now() + absl::Seconds(10);
  }

  void Ask(const RequestContext& context) {
    retrying_->GetAttributes(path_, context, answer_.MakeDone());
  }
  uint64_t Counter(const std::string& name) { return retrying_->Statistics().counters.at(name); }

  FakeTimer timer_;
  MemorySource memory_{timer_.clock()};
  std::unique_ptr<RetryingSource> retrying_ =
      MakeRetryingSource(memory_, {}, timer_, timer_.clock());
  const Path path_ = Path::Parse("a").value();
  RequestContext context_;
  Answer<PathState> answer_;
};

INSTANTIATE_TEST_SUITE_P(Retrying, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           // No test of the suite makes it wait.
                           static FakeTimer* const timer = new FakeTimer();
                           return MakeRetryingSource(base, {}, *timer, timer->clock());
                         })));

TEST_F(RetryingSourceTest, AnAnswerIsPassedOnWithoutATimer) {
  Ask(context_);
  EXPECT_TRUE(answer_.Await().ok());
  EXPECT_EQ(timer_.PendingCount(), 0u);
  EXPECT_EQ(Counter("retries"), 0u);
}

TEST_F(RetryingSourceTest, AFailureOfTransportIsRepeatedWithGrowingPauses) {
  memory_.FailNext(Kind::kAttributes, TransportFailure("connection refused"), 7);
  Ask(context_);
  for (const int pause_ms : {50, 100, 200, 400, 800, 1000, 1000}) {
    ASSERT_EQ(timer_.UntilNext(), absl::Milliseconds(pause_ms));
    EXPECT_FALSE(answer_.IsReady());
    timer_.Advance(absl::Milliseconds(pause_ms));
  }
  ASSERT_TRUE(answer_.IsReady());
  EXPECT_TRUE(answer_.Await().ok());
  EXPECT_EQ(answer_.Runs(), 1);
  EXPECT_EQ(Counter("retries"), 7u);
  EXPECT_EQ(Counter("recovered"), 1u);
  EXPECT_EQ(Counter("given_up"), 0u);
}

TEST_F(RetryingSourceTest, ARefusalForOverloadIsRepeatedButNotForReadahead) {
  memory_.FailNext(Kind::kAttributes, Overload("calls_in_flight_max"), 2);
  Ask(context_);
  EXPECT_FALSE(answer_.IsReady());
  timer_.Advance(absl::Seconds(1));
  ASSERT_TRUE(answer_.IsReady());
  EXPECT_TRUE(answer_.Await().ok());
  EXPECT_EQ(Counter("retries"), 2u);

  memory_.FailNext(Kind::kAttributes, Overload("calls_in_flight_max"));
  context_.speculative = true;
  EXPECT_TRUE(IsOverload(AwaitAttributes(*retrying_, path_, context_).status()));
}

TEST_F(RetryingSourceTest, NothingIsRepeatedBeforeThePauseIsOver) {
  memory_.FailNext(Kind::kAttributes, TransportFailure("gone"), 1);
  Ask(context_);
  timer_.Advance(absl::Milliseconds(49));
  EXPECT_EQ(memory_.CallCount(Kind::kAttributes), 1u);
  timer_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(memory_.CallCount(Kind::kAttributes), 2u);
}

TEST_F(RetryingSourceTest, ItEndsAtTheDeadlineWithTheLastFailure) {
  memory_.FailNext(Kind::kAttributes, TransportFailure("connection refused"), 1000);
  Ask(context_);
  timer_.Advance(absl::Seconds(20));
  ASSERT_TRUE(answer_.IsReady());
  EXPECT_EQ(answer_.Await().status(), TransportFailure("connection refused"));
  EXPECT_EQ(answer_.Runs(), 1);
  EXPECT_EQ(timer_.PendingCount(), 0u);
  EXPECT_EQ(Counter("given_up"), 1u);

  // 50 + 100 + 200 + 400 + 800 ms, then one a second: 5 + 8 tries after the first.
  EXPECT_EQ(memory_.CallCount(Kind::kAttributes), 14u);
}

TEST_F(RetryingSourceTest, WhatThePeerAnsweredIsNotRepeated) {
  for (const absl::Status& status :
       {ErrnoStatus(EIO, "read"), absl::UnavailableError("could not ask my parent"),
        absl::DeadlineExceededError("late"), absl::ResourceExhaustedError("full")}) {
    memory_.FailNext(Kind::kAttributes, status);
    Answer<PathState> answer;
    retrying_->GetAttributes(path_, context_, answer.MakeDone());
    ASSERT_TRUE(answer.IsReady());
    EXPECT_EQ(answer.Await().status(), status);
  }
  EXPECT_EQ(timer_.PendingCount(), 0u);
}

TEST_F(RetryingSourceTest, AnErrorAfterARetryIsAnAnswer) {
  memory_.FailNext(Kind::kAttributes, TransportFailure("gone"));
  memory_.FailNext(Kind::kAttributes, ErrnoStatus(EACCES, "lstat"));
  Ask(context_);
  timer_.Advance(absl::Seconds(1));
  ASSERT_TRUE(answer_.IsReady());
  EXPECT_EQ(StatusErrno(answer_.Await().status()), EACCES);
}

TEST_F(RetryingSourceTest, ASpeculativeRequestIsNotRepeated) {
  memory_.FailNext(Kind::kAttributes, TransportFailure("gone"));
  context_.speculative = true;
  Ask(context_);
  ASSERT_TRUE(answer_.IsReady());
  EXPECT_TRUE(IsTransportFailure(answer_.Await().status()));
}

TEST_F(RetryingSourceTest, EveryKindOfRequestIsRepeatedAsItWas) {
  const BlockKey key = memory_.KeyOf("a", 0);
  for (const Kind kind : {Kind::kListing, Kind::kBlock, Kind::kStatistics}) {
    memory_.FailNext(kind, TransportFailure("gone"));
  }
  Answer<ListingRef> listing;
  Answer<BlockRef> block;
  Answer<FileSystemStatistics> statistics;
  retrying_->ReadDirectory(Path(), {.bits = 1, .index = 1}, context_, listing.MakeDone());
  retrying_->ReadBlock(key, context_, block.MakeDone());
  retrying_->GetFileSystemStatistics(path_, context_, statistics.MakeDone());
  EXPECT_EQ(timer_.PendingCount(), 3u);
  timer_.Advance(absl::Milliseconds(50));
  EXPECT_EQ((*listing.Await())->page, (DirectoryPage{.bits = 1, .index = 1}));
  EXPECT_EQ((*block.Await())->size(), 5u);
  EXPECT_TRUE(statistics.Await().ok());
}

}  // namespace
}  // namespace coppice
