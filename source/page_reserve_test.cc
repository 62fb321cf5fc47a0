#include "source/page_reserve.h"

#include <sys/mman.h>
#include <unistd.h>

#include <vector>

#include "gtest/gtest.h"

namespace coppice {
namespace {

class PageReserveTest : public testing::Test {
 protected:
  PageReserveTest()
      : memory_(static_cast<char*>(
            mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~PageReserveTest() override { munmap(memory_, kSize); }

  bool IsPresent(uint64_t offset) {
    unsigned char present = 0;
    EXPECT_EQ(mincore(memory_ + offset, 4096, &present), 0);
    return (present & 1) != 0;
  }

  static constexpr uint64_t kSize = 8 * kReserveBytes;
  char* const memory_;
};

TEST_F(PageReserveTest, WhatIsTakenIsThere) {
  PageReserve reserve(memory_, kSize);
  ASSERT_TRUE(reserve.Take(3 * kReserveBytes));
  for (uint64_t offset = 0; offset < 3 * kReserveBytes; offset += 4096) {
    ASSERT_TRUE(IsPresent(offset)) << offset;
  }
}

TEST_F(PageReserveTest, TheReserveIsFilledAhead) {
  PageReserve reserve(memory_, kSize);
  ASSERT_TRUE(reserve.Take(kReserveBytes));
  // Filled by a thread that needs nobody: it ends, or this test does not.
  while (reserve.populated_bytes() < 2 * kReserveBytes) std::this_thread::yield();
  EXPECT_TRUE(IsPresent(2 * kReserveBytes - 4096));
  EXPECT_FALSE(IsPresent(3 * kReserveBytes));
}

TEST_F(PageReserveTest, ItEndsWithTheMemory) {
  PageReserve reserve(memory_, kSize);
  ASSERT_TRUE(reserve.Take(kSize));
  EXPECT_EQ(reserve.populated_bytes(), kSize);
}

TEST_F(PageReserveTest, MemoryThatCannotBeHadIsAnError) {
  // Pages that were unmapped behind its back stand for those that the kernel does not have.
  ASSERT_EQ(munmap(memory_ + 4 * kReserveBytes, 4 * kReserveBytes), 0);
  PageReserve reserve(memory_, kSize);
  EXPECT_TRUE(reserve.Take(3 * kReserveBytes));
  EXPECT_FALSE(reserve.Take(kSize));
  EXPECT_TRUE(reserve.Take(4 * kReserveBytes));
}

}  // namespace
}  // namespace coppice
