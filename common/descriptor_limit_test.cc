#include "common/descriptor_limit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "common/file_descriptor.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(DescriptorLimitTest, TheSoftLimitIsRaisedToTheHardOne) {
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlim_t hard = limit.rlim_max;
  limit.rlim_cur = hard / 2;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  const absl::StatusOr<uint64_t> raised = RaiseDescriptorLimit();
  ASSERT_TRUE(raised.ok()) << raised.status();
  EXPECT_EQ(*raised, hard);
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, hard);
  EXPECT_EQ(limit.rlim_max, hard);
}

// How many descriptors the kernel's table of this process has room for.
uint64_t TableSize() {
  std::ifstream status("/proc/self/status");
  std::string word;
  uint64_t size = 0;
  while (status >> word && word != "FDSize:") {
  }
  status >> size;
  return size;
}

// Twice of what there is room for, in whatever order the tests run; 0 where the machine allows
// less.
uint64_t MoreThanTheTableHas() {
  rlimit limit = {};
  EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const uint64_t more = 2 * TableSize();
  if (more > limit.rlim_max) return 0;
  limit.rlim_cur = more;
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  return more;
}

int NextDescriptor() { return FileDescriptor(dup(STDERR_FILENO)).get(); }

TEST(DescriptorLimitTest, TheTableHasRoomBeforeItIsNeededAndNothingStaysOpen) {
  const uint64_t more = MoreThanTheTableHas();
  if (more == 0) GTEST_SKIP() << "no more descriptors are allowed here than there is room for";
  const int next = NextDescriptor();
  const absl::Status reserved = ReserveDescriptors(more);
  EXPECT_TRUE(reserved.ok()) << reserved;
  EXPECT_GE(TableSize(), more);
  EXPECT_EQ(NextDescriptor(), next);
}

TEST(DescriptorLimitTest, NoMoreIsReservedThanTheLimitAllows) {
  const uint64_t limit = MoreThanTheTableHas();
  if (limit == 0) GTEST_SKIP() << "no more descriptors are allowed here than there is room for";
  const absl::Status reserved = ReserveDescriptors(limit + 1000);
  EXPECT_TRUE(reserved.ok()) << reserved;
  EXPECT_GE(TableSize(), limit);
}

TEST(DescriptorLimitTest, RoomThatIsTakenToTheEndIsThere) {
  const uint64_t limit = MoreThanTheTableHas();
  if (limit == 0) GTEST_SKIP() << "no more descriptors are allowed here than there is room for";
  const FileDescriptor last(fcntl(STDERR_FILENO, F_DUPFD, static_cast<int>(limit) - 1));
  ASSERT_TRUE(last.valid());
  const absl::Status reserved = ReserveDescriptors(limit);
  EXPECT_TRUE(reserved.ok()) << reserved;
}

TEST(DescriptorLimitTest, NoRoomIsEasilyMade) { EXPECT_TRUE(ReserveDescriptors(0).ok()); }

}  // namespace
}  // namespace coppice
