#include "source/pacing_source.h"

#include <memory>
#include <string>
#include <vector>

#include "common/fake_clock.h"
#include "gtest/gtest.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

INSTANTIATE_TEST_SUITE_P(Pacing, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakePacingSource(base, kBlockBytes);
                         })));

constexpr RequestContext kGuess = {.speculative = true, .guessed_here = true};
constexpr RequestContext kDeferred = {.speculative = true, .deferred = true, .guessed_here = true};

// A window of two blocks.
class PacingSourceTest : public testing::Test {
 protected:
  PacingSourceTest() {
    base_.AddGeneratedFile("large", 64 * kBlockBytes);
    base_.AddGeneratedFile("small", kPacedBlockBytesMin - 1);
  }

  // The answer is counted when it comes.
  void Ask(uint64_t index, const RequestContext& context, const std::string& path = "large") {
    source_->ReadBlock(base_.KeyOf(path, index), context, [this](absl::StatusOr<BlockRef> block) {
      EXPECT_TRUE(block.ok()) << block.status();
      ++answers_;
    });
  }
  // The indexes of the blocks that went further, in order.
  std::vector<uint64_t> Sent() {
    std::vector<uint64_t> indexes;
    for (const MemorySource::Call& call : base_.Calls()) indexes.push_back(call.index);
    return indexes;
  }
  uint64_t Counter(const std::string& name) { return source_->Statistics().counters.at(name); }

  FakeClock clock_;
  MemorySource base_{clock_};
  std::unique_ptr<PacingSource> source_ = MakePacingSource(base_, 2 * kBlockBytes);
  int answers_ = 0;
};

TEST_F(PacingSourceTest, GuessesBeyondTheWindowWaitForThoseUnderWay) {
  base_.Hold(Kind::kBlock);
  for (const uint64_t index : {0, 1, 2, 3}) Ask(index, kGuess);
  EXPECT_EQ(Sent(), std::vector<uint64_t>({0, 1}));
  EXPECT_EQ(Counter("paced"), 4u);
  EXPECT_EQ(Counter("held"), 2u);
  base_.ReleaseOne(Kind::kBlock);
  EXPECT_EQ(Sent(), std::vector<uint64_t>({0, 1, 2}));
  EXPECT_EQ(answers_, 1);
  base_.Release(Kind::kBlock);
  EXPECT_EQ(Sent(), std::vector<uint64_t>({0, 1, 2, 3}));
  EXPECT_EQ(answers_, 4);
  EXPECT_EQ(Counter("held"), 0u);
}

TEST_F(PacingSourceTest, WhatIsDeferredGoesAfterTheRestAndTheLastOfItFirst) {
  base_.Hold(Kind::kBlock);
  Ask(0, kGuess);
  Ask(1, kGuess);
  for (const uint64_t index : {10, 11, 12}) Ask(index, kDeferred);
  for (const uint64_t index : {2, 3}) Ask(index, kGuess);
  base_.Release(Kind::kBlock);
  EXPECT_EQ(Sent(), std::vector<uint64_t>({0, 1, 2, 3, 12, 11, 10}));
  EXPECT_EQ(answers_, 7);
}

TEST_F(PacingSourceTest, AReaderPassesEvenForABlockThatIsHeld) {
  base_.Hold(Kind::kBlock);
  for (const uint64_t index : {0, 1, 2}) Ask(index, kGuess);
  Ask(2, {});
  Ask(7, {});
  EXPECT_EQ(Sent(), std::vector<uint64_t>({0, 1, 2, 7}));
  EXPECT_EQ(Counter("held"), 1u);
  base_.Release(Kind::kBlock);
  EXPECT_EQ(answers_, 5);
}

TEST_F(PacingSourceTest, SmallBlocksThoseAtHandAndThoseOfAnotherProcessAreNotHeld) {
  base_.Hold(Kind::kBlock);
  for (const uint64_t index : {0, 1, 2}) Ask(index, kGuess);
  Ask(0, kGuess, "small");
  Ask(3, {.cached_only = true, .speculative = true, .guessed_here = true});
  Ask(4, {.speculative = true, .hops = 2});
  Ask(5, {.speculative = true, .hops = 1});  // a client's
  EXPECT_EQ(Sent(), std::vector<uint64_t>({0, 1, 0, 3, 4, 5}));
  base_.Release(Kind::kBlock);
  EXPECT_EQ(answers_, 7);
}

TEST_F(PacingSourceTest, AFailureMakesRoomAsAnAnswerDoes) {
  base_.Hold(Kind::kBlock);
  base_.FailNext(Kind::kBlock, absl::UnavailableError("away"), 2);
  int failures = 0;
  for (const uint64_t index : {0, 1, 2}) {
    source_->ReadBlock(base_.KeyOf("large", index), kGuess,
                       [this, &failures](const absl::StatusOr<BlockRef>& block) {
                         ++(block.ok() ? answers_ : failures);
                       });
  }
  base_.Release(Kind::kBlock);
  EXPECT_EQ(failures, 2);
  EXPECT_EQ(answers_, 1);
}

// Answers at hand end within the call that asks: as many as these would not fit on a stack.
TEST_F(PacingSourceTest, ManyThatAreAtHandAreNotAsManyCallsDeep) {
  constexpr int kMany = 50'000;
  base_.Hold(Kind::kBlock);
  for (const uint64_t index : {0, 1}) Ask(index, kGuess);
  base_.FailNext(Kind::kBlock, absl::UnavailableError("away"), kMany);  // for it is quickly said
  int failures = 0;
  for (int i = 0; i < kMany; ++i) {
    source_->ReadBlock(base_.KeyOf("large", 2), kDeferred,
                       [&failures](const absl::StatusOr<BlockRef>& block) {
                         if (!block.ok()) ++failures;
                       });
  }
  base_.Release(Kind::kBlock);
  EXPECT_EQ(failures, kMany);
}

TEST(PacingWindowTest, ThisMachinesWindowIsOneBlockAtLeastAndBounded) {
  EXPECT_GE(PacingWindowBytes(), kBlockBytes);
  EXPECT_LE(PacingWindowBytes(), kPacedBlocksMax * kBlockBytes);
}

}  // namespace
}  // namespace coppice
