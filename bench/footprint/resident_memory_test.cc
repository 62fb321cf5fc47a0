#include "bench/footprint/resident_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr size_t kBytes = size_t{32} << 20;

// Maps kBytes and touches them all; gives them back with the test.
class Touched {
 public:
  explicit Touched(int flags)
      : memory_(mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ != MAP_FAILED) std::memset(memory_, 1, kBytes);
  }
  ~Touched() { munmap(memory_, kBytes); }

 private:
  void* memory_;
};

// ThreadSanitizer keeps several bytes of its own for each that is touched.
bool CountsOthersMemory() {
#ifdef __SANITIZE_THREAD__
  return true;
#else
  return false;
#endif
}

TEST(ResidentMemoryTest, OwnMemoryIsAnonymous) {
  const auto before = ReadResidentMemory(getpid());
  const Touched touched(MAP_PRIVATE);
  const auto after = ReadResidentMemory(getpid());
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_GE(after->anonymous, before->anonymous + kBytes);
  EXPECT_LT(after->shared, before->shared + kBytes);
}

TEST(ResidentMemoryTest, SharedMemoryIsShared) {
  if (CountsOthersMemory()) GTEST_SKIP() << "NOT TESTED: ThreadSanitizer's memory would be counted";
  const auto before = ReadResidentMemory(getpid());
  const Touched touched(MAP_SHARED);
  const auto after = ReadResidentMemory(getpid());
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_GE(after->shared, before->shared + kBytes);
  EXPECT_LT(after->anonymous, before->anonymous + kBytes);
}

TEST(ResidentMemoryTest, ProgramsAndLibrariesAreFiles) {
  const auto memory = ReadResidentMemory(getpid());
  ASSERT_TRUE(memory.ok());
  EXPECT_GT(memory->files, 0u);
  EXPECT_EQ(memory->total(), memory->anonymous + memory->files + memory->shared);
}

TEST(ResidentMemoryTest, NoProcessIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(ReadResidentMemory(1 << 30).status()));
}

}  // namespace
}  // namespace coppice
