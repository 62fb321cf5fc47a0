#include "source/extent_allocator.h"

#include <map>
#include <random>

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(ExtentAllocatorTest, HandsOutTheLowestAddressesFirst) {
  ExtentAllocator extents(1024);
  EXPECT_EQ(extents.Allocate(64), 0);
  EXPECT_EQ(extents.Allocate(1), 64);
  EXPECT_EQ(extents.Allocate(65), 128);
  EXPECT_EQ(extents.Allocate(64), 256);
  EXPECT_EQ(extents.free_bytes(), 1024 - 320);
}

TEST(ExtentAllocatorTest, TakesTheSmallestExtentThatIsLargeEnough) {
  ExtentAllocator extents(4096);
  const uint64_t large = *extents.Allocate(1024);
  ASSERT_TRUE(extents.Allocate(64).has_value());
  const uint64_t small = *extents.Allocate(128);
  ASSERT_TRUE(extents.Allocate(64).has_value());
  extents.Free(large, 1024);
  extents.Free(small, 128);
  EXPECT_EQ(extents.Allocate(100), small);
  EXPECT_EQ(extents.Allocate(200), large);
}

TEST(ExtentAllocatorTest, JoinsNeighboursWhateverTheOrderInWhichTheyAreFreed) {
  for (const bool forwards : {true, false}) {
    ExtentAllocator extents(192);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(extents.Allocate(64).has_value());
    EXPECT_FALSE(extents.Allocate(1).has_value());
    extents.Free(forwards ? 0 : 128, 64);
    extents.Free(forwards ? 128 : 0, 64);
    EXPECT_EQ(extents.free_extents(), 2);
    EXPECT_FALSE(extents.Allocate(65).has_value());
    extents.Free(64, 64);
    EXPECT_EQ(extents.free_extents(), 1);
    EXPECT_EQ(extents.Allocate(192), 0);
  }
}

TEST(ExtentAllocatorTest, HasNothingWhenItRulesOverNothing) {
  ExtentAllocator extents(kExtentGrain - 1);
  EXPECT_FALSE(extents.Allocate(1).has_value());
}

TEST(ExtentAllocatorTest, NeverHandsOutAByteTwiceAndLosesNone) {
  constexpr uint64_t kSize = 1 << 16;
  ExtentAllocator extents(kSize);
  std::map<uint64_t, uint64_t> held;  // start, size
  std::mt19937 random(20261120);
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 2 == 0) {
      const uint64_t size = 1 + random() % 3000;
      if (const auto start = extents.Allocate(size); start.has_value()) {
        const auto next = held.lower_bound(*start);
        ASSERT_TRUE(next == held.end() || *start + size <= next->first);
        if (next != held.begin()) {
          ASSERT_LE(std::prev(next)->first + std::prev(next)->second, *start);
        }
        ASSERT_LE(*start + size, kSize);
        held.emplace(*start, size);
      }
    } else if (!held.empty()) {
      const auto victim = std::next(held.begin(), random() % held.size());
      extents.Free(victim->first, victim->second);
      held.erase(victim);
    }
  }
  for (const auto& [start, size] : held) extents.Free(start, size);
  EXPECT_EQ(extents.free_bytes(), kSize);
  EXPECT_EQ(extents.free_extents(), 1);
}

}  // namespace
}  // namespace coppice
