#include "source/sibling_prefetching_source.h"

#include <cerrno>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/metadata_caching_source.h"
#include "source/sibling_pattern.h"
#include "source/small_file.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

INSTANTIATE_TEST_SUITE_P(SiblingPrefetching, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakeSiblingPrefetchingSource(base);
                         })));

class SiblingPrefetchingSourceTest : public testing::Test {
 protected:
  void AddFiles(int count, uint64_t size) {
    for (int i = 0; i < count; ++i) base_.AddGeneratedFile(absl::StrCat("d/f", i), size);
  }
  void Read(const std::string& path, const RequestContext& context = {}) {
    ASSERT_TRUE(AwaitBlock(*source_, base_.KeyOf(path, 0), context).ok());
  }
  size_t Blocks() { return base_.CallCount(Kind::kBlock); }
  uint64_t Counter(const std::string& name) { return source_->Statistics().counters.at(name); }

  FakeClock clock_;
  MemorySource base_{clock_};
  std::unique_ptr<SiblingPrefetchingSource> source_ = MakeSiblingPrefetchingSource(base_);
};

// So large that ten of them are not cheap.
constexpr uint64_t kSize = kCheapDirectoryBytes / 10 + 1;

TEST_F(SiblingPrefetchingSourceTest, TheSecondSmallFileBringsItsSiblingsOnce) {
  AddFiles(10, kSize);
  Read("d/f0");
  Read("d/f0");
  EXPECT_EQ(Blocks(), 2u);
  Read("d/f1");
  EXPECT_EQ(Blocks(), 3u + 8u);
  for (int i = 2; i < 10; ++i) EXPECT_EQ(base_.BlockCallCount(absl::StrCat("d/f", i), 0), 1u);
  Read("d/f3");
  Read("d/f3");
  EXPECT_EQ(Blocks(), 3u + 8u + 2u);
  EXPECT_EQ(Counter("batches"), 1u);
  EXPECT_EQ(Counter("prefetched_blocks"), 8u);
  EXPECT_EQ(Counter("prefetched_bytes"), 8u * kSize);
  EXPECT_EQ(Counter("used_blocks"), 1u);
}

TEST_F(SiblingPrefetchingSourceTest, WhereFilesAreCheapTheFirstBringsThemOnce) {
  AddFiles(10, kCheapDirectoryBytes / 10);
  Read("d/f0");
  EXPECT_EQ(Blocks(), 1u + 9u);
  Read("d/f1");
  EXPECT_EQ(Blocks(), 1u + 9u + 1u);
  EXPECT_EQ(Counter("batches"), 1u);
}

TEST_F(SiblingPrefetchingSourceTest, ADirectoryIsNotListedForTheGuess) {
  AddFiles(10, 1000);
  FakeClock clock;
  const auto cache = MakeMetadataCachingSource(base_, {}, clock);
  source_ = MakeSiblingPrefetchingSource(*cache);
  for (const char* name : {"d/f0", "d/f1", "d/f2"}) Read(name);
  EXPECT_EQ(Blocks(), 3u);
  EXPECT_EQ(base_.CallCount(Kind::kListing), 0u);
  // Somebody lists it.
  ASSERT_TRUE(AwaitListing(*cache, *Path::Parse("d")).ok());
  Read("d/f3");
  EXPECT_EQ(Counter("prefetched_blocks"), 8u) << "all but the first two";
  source_.reset();
}

TEST_F(SiblingPrefetchingSourceTest, AListingThatComesLaterIsUsed) {
  AddFiles(10, 1000);
  // What a cache says that does not have the listing.
  base_.FailNext(Kind::kListing, absl::NotFoundError("not cached"));
  Read("d/f0");
  EXPECT_EQ(Blocks(), 1u);
  EXPECT_EQ(base_.CallCount(Kind::kListing), 1u);
  Read("d/f1");
  EXPECT_EQ(Blocks(), 2u + 8u);
}

TEST_F(SiblingPrefetchingSourceTest, OnlySmallRegularFilesAreSiblings) {
  AddFiles(2, 1000);
  base_.AddGeneratedFile("d/large", kSmallFileBytes + 1);
  base_.AddFile("d/empty", "");
  base_.AddSymlink("d/link", "f0");
  base_.AddFile("d/sub/file", "x");
  base_.AddFile("d/hidden", "x");
  base_.HideAttributes("d/hidden", ErrnoStatus(EACCES, "lstat"));
  for (int i = 0; i < 2; ++i) Read(absl::StrCat("d/f", i));
  EXPECT_EQ(Blocks(), 3u);
  EXPECT_EQ(Counter("prefetched_blocks"), 1u);
}

TEST_F(SiblingPrefetchingSourceTest, ReadingLargeFilesBringsNothing) {
  for (int i = 0; i < 9; ++i) base_.AddGeneratedFile(absl::StrCat("d/f", i), kSmallFileBytes + 1);
  for (int i = 0; i < 5; ++i) Read(absl::StrCat("d/f", i));
  EXPECT_EQ(Blocks(), 5u);
}

TEST_F(SiblingPrefetchingSourceTest, ADirectoryThatDoesNotFitIntoABatchBringsNothing) {
  AddFiles(kSiblingFilesMax + 1, 10);
  for (const int i : {5, 3, 9, 1}) Read(absl::StrCat("d/f", i));
  for (int i = 0; i < 60; ++i) base_.AddGeneratedFile(absl::StrCat("e/f", i), kSmallFileBytes);
  for (const int i : {5, 3, 9, 1}) Read(absl::StrCat("e/f", i));
  EXPECT_EQ(Counter("prefetched_blocks"), 0u);
}

TEST_F(SiblingPrefetchingSourceTest, WhoReadsInOrderWaitsForFewFiles) {
  AddFiles(5'000, 4096);
  const ListingRef listing = *AwaitListing(base_, *Path::Parse("d"));
  size_t waits = 0;
  for (const Dentry& entry : listing->entries) {
    const std::string path = "d/" + entry.name;
    if (base_.BlockCallCount(path, 0) == 0) ++waits;
    Read(path);
    ASSERT_LE(base_.BlockCallCount(path, 0), 2u);
  }
  // 128, 256, 512, 512, ...
  EXPECT_LE(waits, 14u);
  EXPECT_LE(Counter("prefetched_blocks"), 5'000u);
}

TEST_F(SiblingPrefetchingSourceTest, WhoBeginsInOrderSomewhereGetsWhatFollows) {
  AddFiles(1'000, 4096);
  const ListingRef listing = *AwaitListing(base_, *Path::Parse("d"));
  for (const size_t i : {7, 900, 400, 500, 501}) Read("d/" + listing->entries[i].name);
  EXPECT_EQ(Counter("prefetched_blocks"), kBatchFilesMin);
  EXPECT_EQ(base_.BlockCallCount("d/" + listing->entries[502].name, 0), 1u);
  EXPECT_EQ(base_.BlockCallCount("d/" + listing->entries[502 + kBatchFilesMin].name, 0), 0u);
}

TEST_F(SiblingPrefetchingSourceTest, WhoJumpsAboutInALargeDirectoryGetsNothing) {
  AddFiles(1'000, 4096);
  const ListingRef listing = *AwaitListing(base_, *Path::Parse("d"));
  for (size_t i = 0; i < 1'000; i += 100) Read("d/" + listing->entries[i].name);
  EXPECT_EQ(Counter("prefetched_blocks"), 0u);
}

TEST_F(SiblingPrefetchingSourceTest, RequestsOfOtherPeersAndPrefetchesDoNotCount) {
  AddFiles(10, 1000);
  for (int i = 0; i < 5; ++i) Read(absl::StrCat("d/f", i), {.hops = 2});
  for (int i = 0; i < 5; ++i) Read(absl::StrCat("d/f", i), {.speculative = true});
  EXPECT_EQ(Counter("batches"), 0u);
}

TEST_F(SiblingPrefetchingSourceTest, AListingThatFailsIsNobodysError) {
  AddFiles(10, kSize);
  base_.FailNext(Kind::kListing, absl::UnavailableError("later"), 4);
  for (int i = 0; i < 4; ++i) Read(absl::StrCat("d/f", i));
  EXPECT_EQ(Blocks(), 4u);
}

TEST_F(SiblingPrefetchingSourceTest, TheReaderDoesNotWaitForTheListing) {
  AddFiles(10, kSize);
  Read("d/f0");
  base_.Hold(Kind::kListing);
  Read("d/f1");
  EXPECT_EQ(base_.HeldCount(Kind::kListing), 1u);
  base_.Release(Kind::kListing);
  EXPECT_EQ(Counter("prefetched_blocks"), 8u);
}

TEST_F(SiblingPrefetchingSourceTest, NothingIsFetchedBeforeTheReaderHasItsBlock) {
  AddFiles(10, 1000);
  base_.Hold(Kind::kBlock);
  Answer<BlockRef> reader;
  source_->ReadBlock(base_.KeyOf("d/f0", 0), {}, reader.MakeDone());
  EXPECT_EQ(base_.HeldCount(Kind::kBlock), 1u);
  base_.ReleaseOne(Kind::kBlock);
  EXPECT_TRUE(reader.IsReady());
  EXPECT_EQ(base_.HeldCount(Kind::kBlock), 9u);
  base_.Release(Kind::kBlock);
}

}  // namespace
}  // namespace coppice
