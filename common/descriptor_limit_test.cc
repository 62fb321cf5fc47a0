#include "common/descriptor_limit.h"

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

TEST(DescriptorLimitTest, TheTableHasRoomBeforeItIsNeededAndNothingStaysOpen) {
  ASSERT_LT(TableSize(), 3000u);
  const FileDescriptor before(dup(STDERR_FILENO));
  ASSERT_TRUE(ReserveDescriptors(3000).ok());
  EXPECT_GE(TableSize(), 3000u);
  const FileDescriptor after(dup(STDERR_FILENO));
  EXPECT_EQ(after.get(), before.get() + 1);
}

TEST(DescriptorLimitTest, NoMoreIsReservedThanTheLimitAllows) {
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = 5000;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  const absl::Status reserved = ReserveDescriptors(6000);
  EXPECT_TRUE(reserved.ok()) << reserved;
  EXPECT_GE(TableSize(), 5000u);
}

}  // namespace
}  // namespace coppice
