#include "source/single_flight_source.h"

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "common/fake_clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/metadata_caching_source.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

RealClock& TestClock() {
  static RealClock clock;
  return clock;
}

INSTANTIATE_TEST_SUITE_P(SingleFlight, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakeSingleFlightSource(base, absl::Seconds(10), TestClock());
                         })));

class SingleFlightSourceTest : public testing::Test {
 protected:
  SingleFlightSourceTest() { base_.AddFile("a", "bytes"); }

  Path a() { return *Path::Parse("a"); }
  uint64_t Counter(const std::string& name) { return flight_->Statistics().counters.at(name); }

  FakeClock clock_;
  MemorySource base_{clock_};
  std::unique_ptr<SingleFlightSource> flight_ =
      MakeSingleFlightSource(base_, absl::Seconds(10), clock_);
};

TEST_F(SingleFlightSourceTest, ManyReadersOfOneBlockAreOneRequest) {
  base_.Hold(Kind::kBlock);
  const BlockKey key = base_.KeyOf("a", 0);
  std::vector<Answer<BlockRef>> readers(100);
  for (auto& reader : readers) flight_->ReadBlock(key, {}, reader.MakeDone());
  EXPECT_EQ(base_.CallCount(Kind::kBlock), 1u);
  EXPECT_EQ(Counter("in_flight"), 1u);
  base_.Release(Kind::kBlock);
  for (auto& reader : readers) {
    ASSERT_TRUE(reader.Await().ok());
    EXPECT_EQ(reader.Runs(), 1);
  }
  EXPECT_EQ(Counter("led"), 1u);
  EXPECT_EQ(Counter("followed"), 99u);
  EXPECT_EQ(Counter("in_flight"), 0u);
}

TEST_F(SingleFlightSourceTest, WhatIsAtHandIsGivenWhileAFlightForItIsUnderWay) {
  const auto cache = MakeMetadataCachingSource(base_, {}, clock_);
  const auto flight = MakeSingleFlightSource(*cache, absl::Seconds(10), clock_);
  EXPECT_EQ(flight->FindListing(Path()), nullptr);
  EXPECT_EQ(base_.CallCount(Kind::kListing), 0u);
  const ListingRef listing = *AwaitListing(*flight, Path());
  clock_.Advance(absl::Seconds(11));
  base_.Hold(Kind::kAttributes);
  Answer<ListingRef> confirming;
  flight->ReadDirectory(Path(), {}, {}, confirming.MakeDone());
  ASSERT_FALSE(confirming.IsReady());
  EXPECT_EQ(flight->FindListing(Path()), listing);
  EXPECT_EQ(flight->Statistics().counters.at("followed"), 0u);
  base_.Release(Kind::kAttributes);
  EXPECT_TRUE(confirming.Await().ok());
}

TEST_F(SingleFlightSourceTest, AnAnswerIsNotRemembered) {
  ASSERT_TRUE(AwaitAttributes(*flight_, a()).ok());
  ASSERT_TRUE(AwaitAttributes(*flight_, a()).ok());
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 2u);
}

TEST_F(SingleFlightSourceTest, AnErrorGoesToAllWaitersAndIsNotRemembered) {
  base_.Hold(Kind::kAttributes);
  base_.FailNext(Kind::kAttributes, ErrnoStatus(EIO, "read"));
  std::vector<Answer<PathState>> readers(3);
  for (auto& reader : readers) flight_->GetAttributes(a(), {}, reader.MakeDone());
  base_.Release(Kind::kAttributes);
  for (auto& reader : readers) EXPECT_EQ(StatusErrno(reader.Await().status()), EIO);
  EXPECT_TRUE(AwaitAttributes(*flight_, a()).ok());
}

TEST_F(SingleFlightSourceTest, AFollowerWithMoreTimeAsksAgainAfterTheLeadersDeadline) {
  base_.Hold(Kind::kAttributes);
  base_.FailNext(Kind::kAttributes, absl::DeadlineExceededError("the leader's"));
  Answer<PathState> leader, patient, hurried;
  const absl::Time soon = clock_.Now() + absl::Seconds(1);
  flight_->GetAttributes(a(), {.deadline = soon}, leader.MakeDone());
  flight_->GetAttributes(a(), {.deadline = soon + absl::Seconds(60)}, patient.MakeDone());
  flight_->GetAttributes(a(), {.deadline = soon}, hurried.MakeDone());
  base_.Release(Kind::kAttributes);
  EXPECT_TRUE(absl::IsDeadlineExceeded(leader.Await().status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(hurried.Await().status()));
  EXPECT_TRUE(patient.Await().ok());
  EXPECT_EQ(Counter("repeated"), 1u);
}

TEST_F(SingleFlightSourceTest, AReaderDoesNotInheritTheFateOfASpeculativeLeader) {
  base_.Hold(Kind::kBlock);
  base_.FailNext(Kind::kBlock, absl::ResourceExhaustedError("dropped under load"));
  const BlockKey key = base_.KeyOf("a", 0);
  Answer<BlockRef> ahead, reader;
  flight_->ReadBlock(key, {.speculative = true}, ahead.MakeDone());
  flight_->ReadBlock(key, {}, reader.MakeDone());
  base_.Release(Kind::kBlock);
  EXPECT_FALSE(ahead.Await().ok());
  EXPECT_TRUE(reader.Await().ok());
}

TEST_F(SingleFlightSourceTest, AFollowerWhoWantsAYoungAnswerTakesAnyThatTurnsOutYoung) {
  base_.Hold(Kind::kAttributes);
  Answer<PathState> any, young;
  flight_->GetAttributes(a(), {}, any.MakeDone());
  flight_->GetAttributes(a(), {.age_max = absl::Seconds(1)}, young.MakeDone());
  base_.Release(Kind::kAttributes);
  EXPECT_TRUE(any.Await().ok());
  EXPECT_TRUE(young.Await().ok());
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 1u);
}

TEST_F(SingleFlightSourceTest, AFollowerWhoGetsAnOldAnswerAsksAgain) {
  base_.Hold(Kind::kAttributes);
  base_.Hold(Kind::kListing);
  Answer<PathState> any, young;
  flight_->GetAttributes(a(), {}, any.MakeDone());
  flight_->GetAttributes(a(), {.age_max = absl::Seconds(1)}, young.MakeDone());
  Answer<ListingRef> any_listing, fresh_listing;
  flight_->ReadDirectory(Path(), {}, {.any_age = true}, any_listing.MakeDone());
  flight_->ReadDirectory(Path(), {}, {}, fresh_listing.MakeDone());
  clock_.Advance(absl::Seconds(11));  // the answers, made before, are this old now
  base_.Release(Kind::kAttributes);
  base_.Release(Kind::kListing);
  EXPECT_EQ(young.Await()->confirmed_at, clock_.Now());
  EXPECT_EQ((*fresh_listing.Await())->confirmed_at, clock_.Now());
  EXPECT_LT(any.Await()->confirmed_at, clock_.Now());
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 2u);
  EXPECT_EQ(base_.CallCount(Kind::kListing), 2u);
}

TEST_F(SingleFlightSourceTest, AfterInvalidateNobodyJoinsTheOldFlight) {
  base_.Hold(Kind::kAttributes);
  Answer<PathState> before;
  flight_->GetAttributes(a(), {}, before.MakeDone());
  base_.Overwrite("a", "new bytes");
  flight_->Invalidate({.path = a()});
  Answer<PathState> after;
  flight_->GetAttributes(a(), {}, after.MakeDone());
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 2u);
  base_.Release(Kind::kAttributes);
  EXPECT_EQ(before.Await()->attributes->size, 5u);
  EXPECT_EQ(after.Await()->attributes->size, 9u);
}

TEST_F(SingleFlightSourceTest, OtherPathsKeepTheirFlightsAtAnInvalidate) {
  base_.AddFile("other/b", "b");
  base_.Hold(Kind::kAttributes);
  const Path b = *Path::Parse("other/b");
  Answer<PathState> first, second;
  flight_->GetAttributes(b, {}, first.MakeDone());
  flight_->Invalidate({.path = a()});
  flight_->GetAttributes(b, {}, second.MakeDone());
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 1u);
  base_.Release(Kind::kAttributes);
  EXPECT_TRUE(second.Await().ok());
}

}  // namespace
}  // namespace coppice
