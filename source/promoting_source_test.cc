#include "source/promoting_source.h"

#include <cerrno>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/lookup_counts.h"
#include "source/metadata_caching_source.h"
#include "source/single_flight_source.h"
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

INSTANTIATE_TEST_SUITE_P(Promoting, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakePromotingSource(base, absl::Seconds(10), TestClock());
                         })));

// As in a peer: over the single flight and the cache.
class PromotingSourceTest : public testing::Test {
 protected:
  PromotingSourceTest() {
    for (int i = 0; i < 100; ++i) base_.AddFile(absl::StrCat("d/f", i), "bytes");
  }

  PathState Lookup(const std::string& path) {
    const auto state = AwaitAttributes(*source_, *Path::Parse(path));
    EXPECT_TRUE(state.ok()) << state.status();
    return state.value_or(PathState{});
  }
  // A name in "d".
  std::optional<PathState> AtHand(const std::string& name) {
    return source_->FindAttributes(*Path::Parse("d"), name, absl::InfiniteDuration());
  }
  void SetSize(const std::string& directory, uint64_t size) {
    base_.SetAttributes(directory, [size](Attributes& attributes) { attributes.size = size; });
  }
  size_t Singles() { return base_.CallCount(Kind::kAttributes); }
  size_t Listings() { return base_.CallCount(Kind::kListing); }

  FakeClock clock_;
  MemorySource base_{clock_};
  std::unique_ptr<MetadataCachingSource> cache_ = MakeMetadataCachingSource(base_, {}, clock_);
  std::unique_ptr<SingleFlightSource> flight_ =
      MakeSingleFlightSource(*cache_, absl::Seconds(10), clock_);
  std::unique_ptr<PromotingSource> source_ =
      MakePromotingSource(*flight_, absl::Seconds(10), clock_);
};

TEST_F(PromotingSourceTest, TheFirstNamesAreAskedForSinglyThenTheListingAnswersAll) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(Lookup(absl::StrCat("d/f", i)).attributes.has_value());
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(Lookup(absl::StrCat("d/missing", i)).attributes.has_value());
  }
  EXPECT_EQ(Singles(), kLookupsBeforeListing - 1);
  EXPECT_EQ(Listings(), 1u);
}

TEST_F(PromotingSourceTest, AfterAMissTheNextNameReadsTheListing) {
  EXPECT_FALSE(Lookup("d/missing1").attributes.has_value());
  EXPECT_FALSE(Lookup("d/missing1").attributes.has_value());
  EXPECT_EQ(Listings(), 0u);
  EXPECT_FALSE(Lookup("d/missing2").attributes.has_value());
  EXPECT_TRUE(Lookup("d/f1").attributes.has_value());
  EXPECT_EQ(Singles(), 1u);
  EXPECT_EQ(Listings(), 1u);
}

TEST_F(PromotingSourceTest, OneNameHoweverOftenIsOnTheWayThrough) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Lookup("d/f1").attributes.has_value());
  EXPECT_EQ(Listings(), 0u);
}

TEST_F(PromotingSourceTest, AListedDirectoryAnswersItsFirstLookup) {
  ASSERT_TRUE(AwaitListing(*source_, *Path::Parse("d")).ok());
  EXPECT_TRUE(Lookup("d/f7").attributes.has_value());
  EXPECT_FALSE(Lookup("d/x").attributes.has_value());
  EXPECT_EQ(Singles(), 0u);
}

TEST_F(PromotingSourceTest, ASmallDirectoryBelowAListedOneIsListedAtItsFirstName) {
  base_.AddFile("d/small/a", "a");
  SetSize("d/small", kSmallDirectoryBytes);
  base_.AddFile("d/large/a", "a");
  SetSize("d/large", kSmallDirectoryBytes + 1);
  base_.AddFile("d/automount/a", "a");
  SetSize("d/automount", 0);
  for (int i = 0; i < 4; ++i) Lookup(absl::StrCat("d/f", i));
  ASSERT_EQ(base_.CallCount(Kind::kListing, "d"), 1u);
  EXPECT_FALSE(Lookup("d/small/missing").attributes.has_value());
  EXPECT_TRUE(Lookup("d/small/a").attributes.has_value());
  EXPECT_EQ(base_.CallCount(Kind::kListing, "d/small"), 1u);
  EXPECT_EQ(base_.CallCount(Kind::kAttributes, "d/small/a"), 0u);
  Lookup("d/large/a");
  EXPECT_EQ(base_.CallCount(Kind::kListing, "d/large"), 0u);
  Lookup("d/automount/a");
  EXPECT_EQ(base_.CallCount(Kind::kListing, "d/automount"), 0u);
}

TEST_F(PromotingSourceTest, ALargeDirectoryIsListedLaterAndAMissDoesNotHurry) {
  SetSize("d", kLargeDirectoryBytes + 1);
  Lookup("d");
  Lookup("d/missing");
  for (size_t i = 0; i + 2 < kLookupsBeforeLargeListing; ++i) Lookup(absl::StrCat("d/f", i));
  EXPECT_EQ(base_.CallCount(Kind::kListing, "d"), 0u);
  Lookup("d/another");
  EXPECT_EQ(base_.CallCount(Kind::kListing, "d"), 1u);
}

TEST_F(PromotingSourceTest, NobodyWaitsForTheListingOfALargeDirectory) {
  SetSize("d", kLargeDirectoryBytes + 1);
  Lookup("d");
  base_.Hold(Kind::kListing);
  for (size_t i = 0; i < kLookupsBeforeLargeListing + 5; ++i) Lookup(absl::StrCat("d/f", i));
  EXPECT_EQ(base_.CallCount(Kind::kListing, "d"), 1u);
  EXPECT_EQ(base_.HeldCount(Kind::kListing), 1u);
  base_.Release(Kind::kListing);
  base_.ForgetCalls();
  EXPECT_FALSE(Lookup("d/missing").attributes.has_value());
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 0u);
}

TEST_F(PromotingSourceTest, ALargeDirectoryWhoseListingFailsIsAskedForByNameAndTriedAgain) {
  SetSize("d", kLargeDirectoryBytes + 1);
  Lookup("d");
  base_.FailNext(Kind::kListing, ErrnoStatus(EACCES, "no"));
  for (size_t i = 0; i < 2 * kLookupsBeforeLargeListing; ++i) Lookup(absl::StrCat("d/f", i));
  EXPECT_EQ(base_.CallCount(Kind::kListing, "d"), 1u);
  clock_.Advance(absl::Seconds(11));
  for (size_t i = 0; i + 1 < kLookupsBeforeLargeListing; ++i) Lookup(absl::StrCat("d/g", i));
  EXPECT_EQ(base_.CallCount(Kind::kListing, "d"), 1u);
  Lookup("d/another");
  EXPECT_EQ(base_.CallCount(Kind::kListing, "d"), 2u);
}

TEST_F(PromotingSourceTest, WhoWalksDownSmallDirectoriesListsNone) {
  base_.AddFile("d/e/f/g", "bytes");
  for (const char* const path : {"d", "d/e", "d/e/f"}) SetSize(path, 4096);
  for (const char* const path : {"d", "d/e", "d/e/f", "d/e/f/g"}) Lookup(path);
  EXPECT_EQ(base_.CallCount(Kind::kListing), 0u);
}

TEST_F(PromotingSourceTest, AMissingNameTellsTheVersionOfItsDirectory) {
  ASSERT_TRUE(AwaitListing(*source_, *Path::Parse("d")).ok());
  EXPECT_EQ(Lookup("d/x").directory_version, base_.AttributesOf("d").version);
}

TEST_F(PromotingSourceTest, AMissingNameIsConfirmedAfterTheTtl) {
  ASSERT_TRUE(AwaitListing(*source_, *Path::Parse("d")).ok());
  EXPECT_FALSE(Lookup("d/new").attributes.has_value());
  base_.AddFile("d/new", "n");
  clock_.Advance(absl::Seconds(11));
  EXPECT_TRUE(Lookup("d/new").attributes.has_value());
}

TEST_F(PromotingSourceTest, AMissingNameIsConfirmedAfterTheClockWasSetBack) {
  ASSERT_TRUE(AwaitListing(*source_, *Path::Parse("d")).ok());
  base_.AddFile("d/new", "bytes");
  clock_.Advance(-absl::Hours(1));
  EXPECT_TRUE(Lookup("d/new").attributes.has_value());
}

TEST_F(PromotingSourceTest, AnExistingNameIsAnsweredFromAListingOfAnyAge) {
  ASSERT_TRUE(AwaitListing(*source_, *Path::Parse("d")).ok());
  clock_.Advance(absl::Hours(1));
  EXPECT_TRUE(Lookup("d/f1").attributes.has_value());
  EXPECT_EQ(Singles(), 0u);
  EXPECT_EQ(Listings(), 1u);
}

TEST_F(PromotingSourceTest, AForbiddenListingDoesNotForbidItsNames) {
  base_.FailNext(Kind::kListing, "d", ErrnoStatus(EACCES, "list"), 100);
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(Lookup(absl::StrCat("d/f", i)).attributes.has_value());
  }
  EXPECT_EQ(Listings(), 1u);
}

TEST_F(PromotingSourceTest, AListingThatTakesTooLongLeavesTimeToAskSingly) {
  for (size_t i = 0; i + 1 < kLookupsBeforeListing; ++i) Lookup(absl::StrCat("d/f", i));
  base_.FailNext(Kind::kListing, absl::DeadlineExceededError("a slow directory"));
  const absl::Time deadline = clock_.Now() + absl::Seconds(60);
  const auto state = AwaitAttributes(*source_, *Path::Parse("d/f50"), {.deadline = deadline});
  EXPECT_TRUE(state->attributes.has_value());
  EXPECT_EQ(base_.Calls().back().kind, Kind::kAttributes);
  EXPECT_EQ(base_.Calls().back().context.deadline, deadline);
  for (const MemorySource::Call& call : base_.Calls()) {
    if (call.kind == Kind::kListing) {
      EXPECT_EQ(call.context.deadline, clock_.Now() + absl::Seconds(30));
    }
  }
}

TEST_F(PromotingSourceTest, ADirectoryTooLargeToListIsAnsweredByName) {
  MemorySource large(clock_, /*entries_max=*/50);
  for (int i = 0; i < 100; ++i) large.AddFile(absl::StrCat("d/f", i), "bytes");
  const auto source = MakePromotingSource(large, absl::Seconds(10), clock_);
  for (int i = 0; i < 100; ++i) {
    const Path path = *Path::Parse(absl::StrCat("d/f", i));
    EXPECT_TRUE(AwaitAttributes(*source, path)->attributes.has_value());
    EXPECT_FALSE(AwaitAttributes(*source, *path.Parent().Child(absl::StrCat("x", i)))
                     ->attributes.has_value());
  }
  EXPECT_EQ(large.CallCount(Kind::kListing), 1u);
}

TEST_F(PromotingSourceTest, ANameThatCouldNotBeStatedIsAskedForAndItsErrorIsItsOwn) {
  base_.HideAttributes("d/f3", ErrnoStatus(EACCES, "lstat"));
  ASSERT_TRUE(AwaitListing(*source_, *Path::Parse("d")).ok());
  EXPECT_EQ(StatusErrno(AwaitAttributes(*source_, *Path::Parse("d/f3")).status()), EACCES);
}

TEST_F(PromotingSourceTest, WithTheListingAtHandANameNeedsNoCall) {
  EXPECT_FALSE(AtHand("f1").has_value());
  EXPECT_EQ(flight_->Statistics().counters.at("led"), 0u);
  ASSERT_TRUE(AwaitListing(*source_, *Path::Parse("d")).ok());
  EXPECT_EQ(AtHand("f1"), Lookup("d/f1"));
  EXPECT_EQ(AtHand("x"), Lookup("d/x"));
  EXPECT_EQ(AtHand("x")->directory_version, base_.AttributesOf("d").version);
  EXPECT_EQ(source_->Statistics().counters.at("from_listing"), 2u);
  EXPECT_EQ(source_->Statistics().counters.at("missing_from_listing"), 3u);
  EXPECT_EQ(Listings(), 1u);
  EXPECT_EQ(Singles(), 0u);
}

TEST_F(PromotingSourceTest, AMissingNameIsAtHandForTheNegativeTtlAndAnExistingOneForLonger) {
  ASSERT_TRUE(AwaitListing(*source_, *Path::Parse("d")).ok());
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(AtHand("x").has_value());
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_FALSE(AtHand("x").has_value());
  EXPECT_TRUE(AtHand("f1").has_value());
  clock_.Advance(-absl::Hours(1));
  EXPECT_FALSE(AtHand("x").has_value());
  // Nor did it ask.
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 0u);
}

TEST_F(PromotingSourceTest, WhatAListingCannotSayIsNotAtHand) {
  base_.HideAttributes("d/f3", ErrnoStatus(EACCES, "lstat"));
  ASSERT_TRUE(AwaitListing(*source_, *Path::Parse("d")).ok());
  EXPECT_FALSE(AtHand("f3").has_value());
  EXPECT_FALSE(source_->FindAttributes(*Path::Parse("d"), "f1", absl::Hours(1)).has_value());
  EXPECT_FALSE(
      source_->FindAttributes(*Path::Parse("e"), "f1", absl::InfiniteDuration()).has_value());
  cache_->Invalidate({.path = *Path::Parse("d"), .recursive = true});
  EXPECT_FALSE(AtHand("f1").has_value());
}

TEST_F(PromotingSourceTest, NothingOfADirectoryTooLargeToListIsAtHand) {
  MemorySource large(clock_, /*entries_max=*/50);
  for (int i = 0; i < 100; ++i) large.AddFile(absl::StrCat("d/f", i), "bytes");
  const auto cache = MakeMetadataCachingSource(large, {}, clock_);
  const auto source = MakePromotingSource(*cache, absl::Seconds(10), clock_);
  const Path d = *Path::Parse("d");
  ASSERT_NE((*AwaitListing(*source, d))->bits_needed, 0u);
  EXPECT_FALSE(source->FindAttributes(d, "f1", absl::InfiniteDuration()).has_value());
  EXPECT_FALSE(source->FindAttributes(d, "x", absl::InfiniteDuration()).has_value());
}

TEST_F(PromotingSourceTest, AReaderWhoLimitsTheAgeIsNotAnsweredFromTheListing) {
  ASSERT_TRUE(AwaitListing(*source_, *Path::Parse("d")).ok());
  base_.Overwrite("d/f1", "longer bytes");
  const auto state =
      AwaitAttributes(*source_, *Path::Parse("d/f1"), {.age_max = absl::Nanoseconds(1)});
  EXPECT_EQ(state->attributes->size, 12u);
}

}  // namespace
}  // namespace coppice
