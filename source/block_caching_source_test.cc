#include "source/block_caching_source.h"

#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
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

INSTANTIATE_TEST_SUITE_P(BlockCaching, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakeBlockCachingSource(base, 64 << 20, TestClock());
                         })));

class BlockCachingSourceTest : public testing::Test {
 protected:
  uint64_t Counter(const std::string& name) { return cache_->Statistics().counters.at(name); }

  FakeClock clock_;
  MemorySource base_{clock_};
  std::unique_ptr<BlockCachingSource> cache_ = MakeBlockCachingSource(base_, 64 << 20, clock_);
};

TEST_F(BlockCachingSourceTest, ABlockIsAskedForOnce) {
  base_.AddFile("a", "bytes");
  const BlockKey key = base_.KeyOf("a", 0);
  const BlockRef first = *AwaitBlock(*cache_, key);
  const BlockRef second = *AwaitBlock(*cache_, key);
  EXPECT_EQ(first, second);  // the same memory: no copy
  EXPECT_EQ(base_.CallCount(Kind::kBlock), 1u);
  EXPECT_EQ(Counter("hits"), 1u);
}

// W1 of the predecessor: an unreadable file was cached as an empty one.
TEST_F(BlockCachingSourceTest, W1_AnErrorIsNeverCached) {
  base_.AddFile("a", "bytes");
  const BlockKey key = base_.KeyOf("a", 0);
  for (const int error_number : {EACCES, EIO, ENOENT, ESTALE}) {
    base_.FailNext(Kind::kBlock, ErrnoStatus(error_number, "read"));
    EXPECT_EQ(StatusErrno(AwaitBlock(*cache_, key).status()), error_number);
  }
  ASSERT_TRUE(AwaitBlock(*cache_, key).ok());
  EXPECT_EQ(Counter("entries"), 1u);
}

TEST_F(BlockCachingSourceTest, ReadaheadIsUnreadUntilSomebodyWaitsForIt) {
  base_.AddFile("a", "12345");
  base_.AddFile("b", "123");
  ASSERT_TRUE(AwaitBlock(*cache_, base_.KeyOf("a", 0), {.speculative = true}).ok());
  ASSERT_TRUE(AwaitBlock(*cache_, base_.KeyOf("b", 0)).ok());
  EXPECT_EQ(Counter("unread_bytes"), 5u);
  ASSERT_TRUE(AwaitBlock(*cache_, base_.KeyOf("a", 0)).ok());
  EXPECT_EQ(Counter("unread_bytes"), 0u);
}

// Shows every block, and says of some that they were read where they are shown.
class FakePublisher final : public BlockPublisher {
 public:
  std::unique_ptr<PublishedBlock> Publish(const BlockKey& key, BlockRef /*block*/) override {
    class Shown final : public PublishedBlock {
     public:
      Shown(FakePublisher& publisher, std::string name)
          : publisher_(publisher), name_(std::move(name)) {
        publisher_.shown.insert(name_);
      }
      ~Shown() override { publisher_.shown.erase(name_); }
      bool TakeReadMark() override { return publisher_.read.erase(name_) > 0; }

     private:
      FakePublisher& publisher_;
      const std::string name_;
    };
    return std::make_unique<Shown>(*this, key.path.text());
  }

  std::set<std::string> shown;
  std::set<std::string> read;
};

TEST_F(BlockCachingSourceTest, WhatIsHeldIsOnShowAndWhatWasReadThereIsNoVictim) {
  FakePublisher publisher;
  for (const char* name : {"a", "b", "c"}) base_.AddGeneratedFile(name, kBlockBytes);
  {
    const auto cache =
        MakeBlockCachingSource(base_, 2 * kBlockBytes + kBlockBytes / 2, clock_, &publisher);
    for (const char* name : {"a", "b"}) {
      ASSERT_TRUE(AwaitBlock(*cache, base_.KeyOf(name, 0), {.speculative = true}).ok());
    }
    EXPECT_EQ(publisher.shown, (std::set<std::string>{"a", "b"}));
    publisher.read = {"a"};
    EXPECT_EQ(cache->Statistics().counters.at("unread_bytes"), kBlockBytes);
    publisher.read = {"a"};
    ASSERT_TRUE(AwaitBlock(*cache, base_.KeyOf("c", 0)).ok());
    EXPECT_EQ(publisher.shown, (std::set<std::string>{"a", "c"}));
  }
  EXPECT_TRUE(publisher.shown.empty());
}

TEST_F(BlockCachingSourceTest, AnotherVersionIsAnotherBlock) {
  base_.AddFile("a", "old");
  ASSERT_TRUE(AwaitBlock(*cache_, base_.KeyOf("a", 0)).ok());
  base_.Overwrite("a", "new");
  const BlockRef block = *AwaitBlock(*cache_, base_.KeyOf("a", 0));
  EXPECT_EQ(std::string(block->bytes().data(), block->size()), "new");
  EXPECT_EQ(base_.CallCount(Kind::kBlock), 2u);
}

TEST_F(BlockCachingSourceTest, StaysUnderItsBoundWhileEightReadersReadFourTimesAsMuch) {
  constexpr size_t kCapacity = 32 << 20;
  constexpr uint64_t kBlocks = 4 * kCapacity / kBlockBytes;
  base_.AddGeneratedFile("big", kBlocks * kBlockBytes);
  const auto cache = MakeBlockCachingSource(base_, kCapacity, clock_);
  const BlockKey first = base_.KeyOf("big", 0);
  std::vector<std::thread> readers;
  std::atomic<int> wrong = 0, over = 0;
  for (int reader = 0; reader < 8; ++reader) {
    readers.emplace_back([&, reader] {
      for (uint64_t i = 0; i < kBlocks; ++i) {
        BlockKey key = first;
        key.index = (i + 16 * reader) % kBlocks;
        const auto block = AwaitBlock(*cache, key);
        const uint64_t offset = key.index * kBlockBytes + 4711;
        if (!block.ok() || (*block)->bytes()[4711] != MemorySource::GeneratedByte(offset)) ++wrong;
        if (cache->Statistics().counters.at("bytes") > kCapacity) ++over;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(over, 0);
  EXPECT_GT(cache->Statistics().counters.at("evictions"), 0u);
}

// The order of the two layers matters: the other one leaves a gap between flight and cache.
TEST_F(BlockCachingSourceTest, UnderSingleFlightEachBlockIsAskedForExactlyOnce) {
  constexpr uint64_t kBlocks = 64;
  base_.AddGeneratedFile("big", kBlocks * kBlockBytes);
  const auto cache = MakeBlockCachingSource(base_, 2 * kBlocks * kBlockBytes, clock_);
  const auto flight = MakeSingleFlightSource(*cache, absl::Seconds(10), clock_);
  const BlockKey first = base_.KeyOf("big", 0);
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 8; ++reader) {
    readers.emplace_back([&] {
      for (uint64_t i = 0; i < kBlocks; ++i) {
        BlockKey key = first;
        key.index = i;
        EXPECT_TRUE(AwaitBlock(*flight, key).ok());
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(base_.CallCount(Kind::kBlock), kBlocks);
}

TEST_F(BlockCachingSourceTest, ItemsAreFilesWithTheirBlocks) {
  base_.AddGeneratedFile("lib/big.so", 3 * kBlockBytes);
  base_.AddFile("other", "x");
  ASSERT_TRUE(AwaitBlock(*cache_, base_.KeyOf("lib/big.so", 0)).ok());
  ASSERT_TRUE(AwaitBlock(*cache_, base_.KeyOf("lib/big.so", 2)).ok());
  ASSERT_TRUE(AwaitBlock(*cache_, base_.KeyOf("lib/big.so", 2)).ok());
  ASSERT_TRUE(AwaitBlock(*cache_, base_.KeyOf("other", 0)).ok());
  EXPECT_EQ(cache_->Items("").size(), 2u);
  const std::vector<CachedItem> items = cache_->Items("lib/");
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].path, "lib/big.so");
  EXPECT_EQ(items[0].blocks_held, 2u);
  EXPECT_EQ(items[0].blocks_total, 3u);
  EXPECT_EQ(items[0].hits, 1u);
  EXPECT_GE(items[0].bytes, 2 * kBlockBytes);
  EXPECT_EQ(items[0].since, clock_.Now());
}

}  // namespace
}  // namespace coppice
