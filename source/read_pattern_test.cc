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

TEST(ReadPatternTest, TheWindowMovesWithTheReaderAndStopsAtTheEnd) {
  ReadPattern pattern(12);
  EXPECT_EQ(pattern.Demand(0).prefetch, Indexes());
  EXPECT_EQ(pattern.Demand(1).prefetch, (Indexes{2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(pattern.Demand(2).prefetch, Indexes{10});
  EXPECT_EQ(pattern.Demand(3).prefetch, Indexes{11});
  EXPECT_EQ(pattern.Demand(4).prefetch, Indexes());
}

TEST(ReadPatternTest, AfterAJumpTheWindowStartsThere) {
  ReadPattern pattern(1000);
  pattern.Demand(0);
  pattern.Demand(1);
  EXPECT_EQ(pattern.Demand(500).prefetch, Indexes());
  EXPECT_EQ(pattern.Demand(501).prefetch, (Indexes{502, 503, 504, 505, 506, 507, 508, 509}));
  pattern.Demand(2);
  EXPECT_EQ(pattern.Demand(3).prefetch, (Indexes{4, 5, 6, 7, 8, 9, 10, 11}));
}

}  // namespace
}  // namespace coppice
