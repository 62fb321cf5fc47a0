#include "source/prefetching_source.h"

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "common/fake_clock.h"
#include "gtest/gtest.h"
#include "source/read_pattern.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

INSTANTIATE_TEST_SUITE_P(Prefetching, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakePrefetchingSource(base);
                         })));

class PrefetchingSourceTest : public testing::Test {
 protected:
  void Read(const std::string& path, uint64_t index, const RequestContext& context = {}) {
    ASSERT_TRUE(AwaitBlock(*source_, base_.KeyOf(path, index), context).ok());
  }
  size_t Requests(const std::string& path, uint64_t index) {
    return base_.BlockCallCount(path, index);
  }
  uint64_t Counter(const std::string& name) { return source_->Statistics().counters.at(name); }

  FakeClock clock_;
  MemorySource base_{clock_};
  std::unique_ptr<PrefetchingSource> source_ = MakePrefetchingSource(base_);
};

TEST_F(PrefetchingSourceTest, ASmallFileIsFetchedWholeOnItsFirstTouchAndOnlyThen) {
  base_.AddGeneratedFile("small", kWholeFileBlocks * kBlockBytes - 5);
  Read("small", 2);
  EXPECT_EQ(base_.CallCount(Kind::kBlock), kWholeFileBlocks);
  for (uint64_t i = 0; i < kWholeFileBlocks; ++i) EXPECT_EQ(Requests("small", i), 1u);
  Read("small", 0);
  EXPECT_EQ(base_.CallCount(Kind::kBlock), kWholeFileBlocks + 1);
  EXPECT_EQ(Counter("prefetched_blocks"), kWholeFileBlocks - 1);
  EXPECT_EQ(Counter("prefetched_bytes"), (kWholeFileBlocks - 1) * kBlockBytes - 5);
  EXPECT_EQ(Counter("used_blocks"), 1u);
}

TEST_F(PrefetchingSourceTest, ALargeFileReadInOrderHasAWindowAhead) {
  base_.AddGeneratedFile("large", 100 * kBlockBytes);
  Read("large", 0);
  EXPECT_EQ(base_.CallCount(Kind::kBlock), 1u);
  Read("large", 1);
  Read("large", 2);
  EXPECT_EQ(base_.CallCount(Kind::kBlock), 3u + kWindowBlocksMin);
  for (uint64_t i = 3; i < 10; ++i) Read("large", i);
  EXPECT_EQ(Requests("large", 9 + kWindowBlocks), 1u);
  EXPECT_EQ(Requests("large", 10 + kWindowBlocks), 0u);
}

TEST_F(PrefetchingSourceTest, EachBlockOfAStreamIsPrefetchedOnceAndNoneBeyondTheEnd) {
  constexpr uint64_t kBlocks = 50;
  base_.AddGeneratedFile("large", kBlocks * kBlockBytes);
  for (uint64_t i = 0; i < kBlocks; ++i) Read("large", i);
  EXPECT_EQ(Counter("prefetched_blocks"), kBlocks - 3);
  EXPECT_EQ(Counter("used_blocks"), kBlocks - 3);
  for (uint64_t i = 3; i < kBlocks; ++i) EXPECT_EQ(Requests("large", i), 2u);
}

TEST_F(PrefetchingSourceTest, RandomReadsOfALargeFileFetchNothingExtra) {
  base_.AddGeneratedFile("large", 100 * kBlockBytes);
  for (const uint64_t index : {50, 3, 99, 7, 20, 0}) Read("large", index);
  EXPECT_EQ(Counter("prefetched_blocks"), 0u);
}

TEST_F(PrefetchingSourceTest, RequestsOfOtherPeersAndPrefetchesStartNone) {
  base_.AddGeneratedFile("small", 2 * kBlockBytes);
  Read("small", 0, {.hops = 2});
  Read("small", 0, {.speculative = true});
  EXPECT_EQ(Counter("prefetched_blocks"), 0u);
  Read("small", 0, {.hops = 1});
  EXPECT_EQ(Counter("prefetched_blocks"), 1u);
}

TEST_F(PrefetchingSourceTest, NothingIsFetchedAheadBeforeTheReaderHasItsBlock) {
  base_.AddGeneratedFile("small", 2 * kBlockBytes);
  base_.Hold(Kind::kBlock);
  Answer<BlockRef> reader;
  source_->ReadBlock(base_.KeyOf("small", 0), {}, reader.MakeDone());
  EXPECT_EQ(base_.HeldCount(Kind::kBlock), 1u);
  base_.ReleaseOne(Kind::kBlock);
  EXPECT_TRUE(reader.IsReady());
  EXPECT_EQ(base_.HeldCount(Kind::kBlock), 1u);
  base_.Release(Kind::kBlock);
}

TEST_F(PrefetchingSourceTest, ItsEndWaitsForThePrefetchesUnderWay) {
  base_.AddGeneratedFile("small", 2 * kBlockBytes);
  base_.Hold(Kind::kBlock);
  Answer<BlockRef> reader;
  source_->ReadBlock(base_.KeyOf("small", 0), {}, reader.MakeDone());
  base_.ReleaseOne(Kind::kBlock);
  ASSERT_TRUE(reader.IsReady());  // every request that the owner knows of is answered
  std::future<void> ended = std::async(std::launch::async, [this] { source_.reset(); });
  EXPECT_EQ(ended.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  base_.Release(Kind::kBlock);
  ended.get();
}

TEST_F(PrefetchingSourceTest, AFailedPrefetchIsNobodysError) {
  base_.AddGeneratedFile("small", 2 * kBlockBytes);
  base_.Hold(Kind::kBlock);
  Answer<BlockRef> reader;
  source_->ReadBlock(base_.KeyOf("small", 0), {}, reader.MakeDone());
  base_.Release(Kind::kBlock);
  EXPECT_TRUE(reader.Await().ok());
  base_.FailNext(Kind::kBlock, absl::UnavailableError("later"), 1);
  EXPECT_FALSE(AwaitBlock(*source_, base_.KeyOf("small", 1)).ok());
  EXPECT_TRUE(AwaitBlock(*source_, base_.KeyOf("small", 1)).ok());
}

}  // namespace
}  // namespace coppice
