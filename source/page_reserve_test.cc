#include "source/page_reserve.h"

#include <sys/mman.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "common/file_descriptor.h"
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

// Each step is populated by one of them, and nobody is told before all below are there.
TEST_F(PageReserveTest, ManyWhoTakeAtOnceFindWhatTheyTook) {
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kPiece = uint64_t{1} << 20;
  PageReserve reserve(memory_, kSize);
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint64_t piece = thread; piece < kSize / kPiece; piece += kThreads) {
        EXPECT_TRUE(reserve.Take((piece + 1) * kPiece));
        for (uint64_t offset = 0; offset < kPiece; offset += 4096) {
          EXPECT_TRUE(IsPresent(piece * kPiece + offset)) << piece << " " << offset;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(reserve.populated_bytes(), kSize);
}

// A file that is shorter than its mapping stands for a kernel that has no more memory.
TEST(PageReserveOfFileTest, MemoryThatCannotBeHadIsAnErrorAndIsTriedAgain) {
  constexpr uint64_t kSize = 8 * kReserveBytes;
  const FileDescriptor file(memfd_create("page_reserve_test", MFD_CLOEXEC));
  ASSERT_EQ(ftruncate(file.get(), 4 * kReserveBytes), 0);
  void* const memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  ASSERT_NE(memory, MAP_FAILED);
  {
    PageReserve reserve(static_cast<char*>(memory), kSize);
    EXPECT_TRUE(reserve.Take(3 * kReserveBytes));
    EXPECT_FALSE(reserve.Take(kSize));
    EXPECT_TRUE(reserve.Take(4 * kReserveBytes));
    EXPECT_FALSE(reserve.Take(kSize));
    ASSERT_EQ(ftruncate(file.get(), kSize), 0);
    EXPECT_TRUE(reserve.Take(kSize));
    EXPECT_EQ(reserve.populated_bytes(), kSize);
  }
  munmap(memory, kSize);
}

// Its last step is shorter than the others.
TEST_F(PageReserveTest, AnySizeIsTakenToItsEnd) {
  constexpr uint64_t kOdd = 3 * kReserveBytes + 4096;
  PageReserve reserve(memory_, kOdd);
  ASSERT_TRUE(reserve.Take(kOdd - kReserveBytes));
  while (reserve.populated_bytes() < kOdd) std::this_thread::yield();
  EXPECT_TRUE(reserve.Take(kOdd));
  EXPECT_TRUE(IsPresent(kOdd - 4096));
  EXPECT_FALSE(IsPresent(kOdd));
}

}  // namespace
}  // namespace coppice
