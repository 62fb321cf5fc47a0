#include "source/metadata_caching_source.h"

#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
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

INSTANTIATE_TEST_SUITE_P(MetadataCaching, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakeMetadataCachingSource(base, {}, TestClock());
                         })));

class MetadataCachingSourceTest : public testing::Test {
 protected:
  MetadataCachingSourceTest() {
    base_.AddFile("d/a", "a");
    base_.AddFile("d/b", "b");
    clock_.Advance(absl::Seconds(1));
  }

  static Path At(const char* text) { return *Path::Parse(text); }
  uint64_t Counter(const std::string& name) { return cache_->Statistics().counters.at(name); }
  bool Exists(const char* path) {
    return AwaitAttributes(*cache_, At(path))->attributes.has_value();
  }

  FakeClock clock_;
  MemorySource base_{clock_};
  const MetadataCachingOptions options_;
  std::unique_ptr<MetadataCachingSource> cache_ =
      MakeMetadataCachingSource(base_, options_, clock_);
};

TEST_F(MetadataCachingSourceTest, ANameThatExistsIsAskedForOnce) {
  EXPECT_TRUE(Exists("d/a"));
  clock_.Advance(absl::Hours(24));
  EXPECT_TRUE(Exists("d/a"));
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 1u);
}

TEST_F(MetadataCachingSourceTest, AMissingNameIsGoodForTheNegativeTtl) {
  EXPECT_FALSE(Exists("d/x"));
  clock_.Advance(options_.negative_ttl);
  EXPECT_FALSE(Exists("d/x"));
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 1u);
  base_.AddFile("d/x", "x");
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_TRUE(Exists("d/x"));
}

TEST_F(MetadataCachingSourceTest, AListingIsAtHandHoweverOldItsNamesUntilItIsForgotten) {
  EXPECT_EQ(cache_->FindListing(At("d")), nullptr);
  // Who looks before he asks misses once.
  EXPECT_EQ(Counter("listings_misses"), 0u);
  const ListingRef listing = *AwaitListing(*cache_, At("d"));
  EXPECT_EQ(Counter("listings_misses"), 1u);
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(cache_->FindListing(At("d")), listing);
  EXPECT_EQ(Counter("listings_hits"), 1u);
  EXPECT_EQ(cache_->FindListing(Path()), nullptr);
  cache_->Invalidate({.path = At("d")});
  EXPECT_EQ(cache_->FindListing(At("d")), nullptr);
  EXPECT_EQ(base_.CallCount(Kind::kListing), 1u);
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 0u);
}

TEST_F(MetadataCachingSourceTest, AListingWhoseAttributesAreTooOldIsNotAtHand) {
  const auto cache = MakeMetadataCachingSource(base_, {.metadata_ttl = absl::Seconds(30)}, clock_);
  ASSERT_TRUE(AwaitListing(*cache, At("d")).ok());
  clock_.Advance(absl::Seconds(30));
  EXPECT_NE(cache->FindListing(At("d")), nullptr);
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(cache->FindListing(At("d")), nullptr);
}

TEST_F(MetadataCachingSourceTest, WhoWantsOnlyWhatIsCachedCausesNoRequest) {
  const RequestContext cached_only = {.any_age = true, .cached_only = true, .speculative = true};
  EXPECT_TRUE(absl::IsNotFound(AwaitListing(*cache_, At("d"), {}, cached_only).status()));
  EXPECT_EQ(base_.CallCount(Kind::kListing), 0u);
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  clock_.Advance(absl::Hours(24));
  EXPECT_TRUE(AwaitListing(*cache_, At("d"), {}, cached_only).ok());
  EXPECT_EQ(base_.CallCount(Kind::kListing), 1u);
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 0u);
}

TEST_F(MetadataCachingSourceTest, WithAMetadataTtlAttributesAgeToo) {
  cache_ = MakeMetadataCachingSource(base_, {.metadata_ttl = absl::Seconds(60)}, clock_);
  EXPECT_TRUE(Exists("d/a"));
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  base_.Overwrite("d/a", "longer");
  clock_.Advance(absl::Seconds(61));
  EXPECT_EQ(AwaitAttributes(*cache_, At("d/a"))->attributes->size, 6u);
  EXPECT_EQ((*AwaitListing(*cache_, At("d")))->Find("a")->attributes->size, 6u);
}

TEST_F(MetadataCachingSourceTest, ARequestForLessAgeIsPassedOn) {
  EXPECT_TRUE(Exists("d/a"));
  clock_.Advance(absl::Seconds(5));
  ASSERT_TRUE(AwaitAttributes(*cache_, At("d/a"), {.age_max = absl::Seconds(5)}).ok());
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 1u);
  ASSERT_TRUE(AwaitAttributes(*cache_, At("d/a"), {.age_max = absl::Seconds(4)}).ok());
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 2u);
}

TEST_F(MetadataCachingSourceTest, OnlyATrueEnoentIsANegativeEntry) {
  for (const int error_number : {EACCES, EIO, ENOTDIR, ESTALE}) {
    base_.FailNext(Kind::kAttributes, ErrnoStatus(error_number, "lstat"));
    EXPECT_EQ(StatusErrno(AwaitAttributes(*cache_, At("d/a")).status()), error_number);
    base_.FailNext(Kind::kListing, ErrnoStatus(error_number, "readdir"));
    EXPECT_EQ(StatusErrno(AwaitListing(*cache_, At("d")).status()), error_number);
  }
  EXPECT_TRUE(Exists("d/a"));
  EXPECT_TRUE(AwaitListing(*cache_, At("d")).ok());
}

TEST_F(MetadataCachingSourceTest, AListingIsConfirmedByOneRequestPerTtl) {
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  for (int period = 1; period <= 3; ++period) {
    clock_.Advance(options_.negative_ttl + absl::Nanoseconds(1));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
    EXPECT_EQ(base_.CallCount(Kind::kAttributes), static_cast<size_t>(period));
  }
  EXPECT_EQ(base_.CallCount(Kind::kListing), 1u);
  EXPECT_EQ(Counter("revalidations"), 3u);
  EXPECT_EQ(Counter("revalidations_unchanged"), 3u);
}

TEST_F(MetadataCachingSourceTest, AConfirmedListingHasTheAgeOfItsConfirmation) {
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  clock_.Advance(options_.negative_ttl + absl::Seconds(1));
  EXPECT_EQ((*AwaitListing(*cache_, At("d")))->confirmed_at, clock_.Now());
}

TEST_F(MetadataCachingSourceTest, AChangedDirectoryIsListedAgain) {
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  base_.AddFile("d/new", "n");
  EXPECT_EQ((*AwaitListing(*cache_, At("d")))->Find("new"), nullptr);
  clock_.Advance(options_.negative_ttl + absl::Seconds(1));
  EXPECT_NE((*AwaitListing(*cache_, At("d")))->Find("new"), nullptr);
  EXPECT_EQ(base_.CallCount(Kind::kListing), 2u);
}

TEST_F(MetadataCachingSourceTest, ADirectoryThatIsGoneIsNotListedFromMemory) {
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  base_.Remove("d");
  clock_.Advance(options_.negative_ttl + absl::Seconds(1));
  EXPECT_EQ(StatusErrno(AwaitListing(*cache_, At("d")).status()), ENOENT);
}

TEST_F(MetadataCachingSourceTest, AnyAgeWillDoForWhoSaysSo) {
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(AwaitListing(*cache_, At("d"), {}, {.any_age = true}).ok());
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 0u);
  EXPECT_EQ(base_.CallCount(Kind::kListing), 1u);
}

TEST_F(MetadataCachingSourceTest, NewAttributesOfADirectorySettleItsListing) {
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  base_.AddFile("d/new", "n");
  ASSERT_TRUE(AwaitAttributes(*cache_, At("d"), {.age_max = absl::Nanoseconds(1)}).ok());
  EXPECT_NE((*AwaitListing(*cache_, At("d")))->Find("new"), nullptr);
}

TEST_F(MetadataCachingSourceTest, AStaleBlockMakesItForgetTheFile) {
  EXPECT_TRUE(Exists("d/a"));
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  const BlockKey old = base_.KeyOf("d/a", 0);
  base_.Overwrite("d/a", "longer");
  EXPECT_EQ(StatusErrno(AwaitBlock(*cache_, old).status()), ESTALE);
  EXPECT_EQ(AwaitAttributes(*cache_, At("d/a"))->attributes->size, 6u);
  EXPECT_EQ((*AwaitListing(*cache_, At("d")))->Find("a")->attributes->size, 6u);
}

TEST_F(MetadataCachingSourceTest, ABlockOfAFileThatIsGoneMakesItForgetTheFile) {
  EXPECT_TRUE(Exists("d/a"));
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  const BlockKey old = base_.KeyOf("d/a", 0);
  base_.Remove("d/a");
  EXPECT_EQ(StatusErrno(AwaitBlock(*cache_, old).status()), ENOENT);
  EXPECT_FALSE(Exists("d/a"));
  EXPECT_EQ((*AwaitListing(*cache_, At("d")))->Find("a"), nullptr);
}

TEST_F(MetadataCachingSourceTest, ABlockOfADirectoryThatTookTheFilesPlaceMakesItForgetTheFile) {
  EXPECT_TRUE(Exists("d/a"));
  const BlockKey old = base_.KeyOf("d/a", 0);
  base_.Remove("d/a");
  base_.AddDirectory("d/a");
  EXPECT_EQ(StatusErrno(AwaitBlock(*cache_, old).status()), EISDIR);
  EXPECT_TRUE(S_ISDIR(AwaitAttributes(*cache_, At("d/a"))->attributes->mode));
}

TEST_F(MetadataCachingSourceTest, AStaleExtentMakesItForgetTheFileAndTheEndOfDataDoesNot) {
  EXPECT_TRUE(Exists("d/a"));
  const BlockKey old = base_.KeyOf("d/a", 0);
  const auto seek = [&](uint64_t offset) {
    return StatusErrno(
        AwaitExtent(*cache_, old.path, old.version, offset, ExtentKind::kData).status());
  };
  EXPECT_EQ(seek(old.version.size), ENXIO);
  base_.Remove("d/a");
  EXPECT_TRUE(Exists("d/a"));
  EXPECT_EQ(seek(0), ENOENT);
  EXPECT_FALSE(Exists("d/a"));
}

TEST_F(MetadataCachingSourceTest, AStaleBlockDoesNotMakeItForgetTheNewVersion) {
  const BlockKey old = base_.KeyOf("d/a", 0);
  base_.Overwrite("d/a", "longer");
  EXPECT_TRUE(Exists("d/a"));
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  base_.ForgetCalls();
  for (int reader = 0; reader < 10; ++reader) {
    EXPECT_EQ(StatusErrno(AwaitBlock(*cache_, old).status()), ESTALE);
    EXPECT_TRUE(Exists("d/a"));
    ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  }
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 0u);
  EXPECT_EQ(base_.CallCount(Kind::kListing), 0u);
}

TEST_F(MetadataCachingSourceTest, AFailureOfTheWayMakesItForgetNothing) {
  EXPECT_TRUE(Exists("d/a"));
  for (const absl::Status& error : {absl::UnavailableError("down"), absl::NotFoundError("what?"),
                                    ErrnoStatus(EIO, "read"), ErrnoStatus(EACCES, "open")}) {
    base_.FailNext(Kind::kBlock, error);
    EXPECT_FALSE(AwaitBlock(*cache_, base_.KeyOf("d/a", 0)).ok());
  }
  EXPECT_TRUE(Exists("d/a"));
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 1u);
}

TEST_F(MetadataCachingSourceTest, W14_AfterInvalidateTheFileIsSeenAsItIsNow) {
  EXPECT_TRUE(Exists("d/a"));
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  base_.Replace("d/a", "longer");
  cache_->Invalidate({.path = At("d/a")});
  EXPECT_EQ(AwaitAttributes(*cache_, At("d/a"))->attributes->size, 6u);
  EXPECT_EQ((*AwaitListing(*cache_, At("d")))->Find("a")->attributes->size, 6u);
}

TEST_F(MetadataCachingSourceTest, InvalidateCoversWhatItSaysAndNoMore) {
  base_.AddFile("d/sub/c", "c");
  base_.AddFile("dd", "other");
  for (const char* path : {"d/a", "d/sub/c", "dd"}) EXPECT_TRUE(Exists(path));
  base_.ForgetCalls();
  cache_->Invalidate({.path = At("d"), .recursive = true});
  for (const char* path : {"d/a", "d/sub/c", "dd"}) EXPECT_TRUE(Exists(path));
  EXPECT_EQ(base_.CallCount(Kind::kAttributes, "d/a"), 1u);
  EXPECT_EQ(base_.CallCount(Kind::kAttributes, "d/sub/c"), 1u);
  EXPECT_EQ(base_.CallCount(Kind::kAttributes, "dd"), 0u);
}

TEST_F(MetadataCachingSourceTest, AnAnswerOnItsWayDuringInvalidateIsNotKept) {
  base_.Hold(Kind::kAttributes);
  base_.Hold(Kind::kListing);
  Answer<PathState> attributes;
  Answer<ListingRef> listing;
  cache_->GetAttributes(At("d/a"), {}, attributes.MakeDone());
  cache_->ReadDirectory(At("d"), {}, {}, listing.MakeDone());
  base_.Overwrite("d/a", "longer");
  cache_->Invalidate({.path = At("d/a")});
  base_.Release(Kind::kAttributes);
  base_.Release(Kind::kListing);
  EXPECT_EQ(attributes.Await()->attributes->size, 1u);  // asked before
  EXPECT_EQ(AwaitAttributes(*cache_, At("d/a"))->attributes->size, 6u);
  EXPECT_EQ((*AwaitListing(*cache_, At("d")))->Find("a")->attributes->size, 6u);
}

TEST_F(MetadataCachingSourceTest, FileSystemFiguresAreKeptForTheNegativeTtl) {
  base_.SetFileSystemStatistics({.block_size = 4096, .blocks = 100});
  EXPECT_EQ(AwaitFileSystemStatistics(*cache_, At("d"))->blocks, 100u);
  base_.SetFileSystemStatistics({.block_size = 4096, .blocks = 50});
  EXPECT_EQ(AwaitFileSystemStatistics(*cache_, At("d"))->blocks, 100u);
  clock_.Advance(options_.negative_ttl + absl::Seconds(1));
  EXPECT_EQ(AwaitFileSystemStatistics(*cache_, At("d"))->blocks, 50u);
}

TEST_F(MetadataCachingSourceTest, WhatWasConfirmedBeforeTheClockWasSetBackIsAskedForAgain) {
  EXPECT_FALSE(Exists("d/x"));
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  EXPECT_TRUE(Exists("d/a"));
  base_.AddFile("d/x", "x");
  clock_.Advance(-absl::Hours(1));
  base_.ForgetCalls();
  EXPECT_TRUE(Exists("d/x"));
  EXPECT_NE((*AwaitListing(*cache_, At("d")))->Find("x"), nullptr);
  EXPECT_TRUE(Exists("d/a"));
  EXPECT_EQ(base_.CallCount(Kind::kAttributes, "d/a"), 0u);  // no age limits it
}

TEST_F(MetadataCachingSourceTest, StaysUnderItsBound) {
  constexpr size_t kCapacity = 1 << 20;
  cache_ = MakeMetadataCachingSource(base_, {.capacity_bytes = kCapacity}, clock_);
  for (int i = 0; i < 20'000; ++i) {
    const Path path = At(absl::StrCat("d/missing", i).c_str());
    ASSERT_TRUE(AwaitAttributes(*cache_, path).ok());
  }
  EXPECT_LE(Counter("attributes_bytes") + Counter("listings_bytes"), kCapacity);
  EXPECT_GT(Counter("attributes_evictions"), 0u);
}

TEST_F(MetadataCachingSourceTest, ItemsTellKindVersionAndAge) {
  EXPECT_TRUE(Exists("d/a"));
  EXPECT_FALSE(Exists("d/x"));
  ASSERT_TRUE(AwaitListing(*cache_, At("d")).ok());
  int seen = 0;
  for (const CachedItem& item : cache_->Items("d")) {
    EXPECT_EQ(item.since, clock_.Now());
    EXPECT_GT(item.bytes, 0u);
    if (item.path == "d/a") seen += item.kind == CachedItem::Kind::kAttributes;
    if (item.path == "d/x") seen += item.kind == CachedItem::Kind::kMissing;
    if (item.path == "d") seen += item.kind == CachedItem::Kind::kListing && item.entries == 2;
  }
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(cache_->Items("d/").size(), 2u);
}

}  // namespace
}  // namespace coppice
