#include "source/read_pattern.h"

#include <vector>

#include "gtest/gtest.h"

namespace coppice {
namespace {

using Indexes = std::vector<uint64_t>;

TEST(ReadPatternTest, AFileOfOneBlockNeedsNothingMore) {
  EXPECT_EQ(ReadPattern(1).Demand(0).prefetch, Indexes());
}

TEST(ReadPatternTest, ASmallFileIsCompletedAroundTheFirstTouch) {
  ReadPattern pattern(4);
  EXPECT_EQ(pattern.Demand(1).prefetch, (Indexes{0, 2, 3}));
  EXPECT_EQ(pattern.Demand(2).prefetch, Indexes());
}

TEST(ReadPatternTest, APrefetchedBlockIsUsedOnce) {
  ReadPattern pattern(2);
  EXPECT_FALSE(pattern.Demand(0).was_prefetched);
  EXPECT_TRUE(pattern.Demand(1).was_prefetched);
  EXPECT_FALSE(pattern.Demand(1).was_prefetched);
}

TEST(ReadPatternTest, TheWindowDoublesMovesWithTheReaderAndStopsAtTheEnd) {
  ReadPattern pattern(12);
  EXPECT_EQ(pattern.Demand(0).prefetch, Indexes());
  EXPECT_EQ(pattern.Demand(1).prefetch, Indexes());
  EXPECT_EQ(pattern.Demand(2).prefetch, (Indexes{3, 4}));
  EXPECT_EQ(pattern.Demand(3).prefetch, (Indexes{5, 6, 7}));
  EXPECT_EQ(pattern.Demand(4).prefetch, (Indexes{8, 9, 10, 11}));
  EXPECT_EQ(pattern.Demand(5).prefetch, Indexes());
}

TEST(ReadPatternTest, AfterAJumpTheWindowStartsThere) {
  ReadPattern pattern(1000);
  pattern.Demand(0);
  pattern.Demand(1);
  pattern.Demand(2);
  EXPECT_EQ(pattern.Demand(500).prefetch, Indexes());
  EXPECT_EQ(pattern.Demand(501).prefetch, Indexes());
  EXPECT_EQ(pattern.Demand(502).prefetch, (Indexes{503, 504}));
  pattern.Demand(5);
  pattern.Demand(6);
  EXPECT_EQ(pattern.Demand(7).prefetch, (Indexes{8, 9}));
}

TEST(ReadPatternTest, TwoBlocksInARowAreNoOrderYet) {
  ReadPattern pattern(1000);
  for (const uint64_t index : {10, 11, 50, 51, 7, 8}) {
    EXPECT_EQ(pattern.Demand(index).prefetch, Indexes()) << index;
  }
}

TEST(ReadPatternTest, TheWindowIsBoundedHoweverLongTheOrder) {
  ReadPattern pattern(1000);
  uint64_t fetched = 1;
  for (uint64_t i = 0; i < 100; ++i) {
    for (const uint64_t index : pattern.Demand(i).prefetch) fetched = index;
    EXPECT_LE(fetched, i + kWindowBlocks + 1);
  }
  EXPECT_EQ(fetched, 99 + kWindowBlocks);
}

TEST(ReadPatternTest, ABlockThatIsAskedForAgainIsNoJump) {
  ReadPattern pattern(1000);
  for (const uint64_t index : {0, 1, 2, 2}) pattern.Demand(index);
  EXPECT_EQ(pattern.Demand(3).prefetch, (Indexes{5, 6, 7}));
}

}  // namespace
}  // namespace coppice
