#include "fuse_client/inode_numbers.h"

#include <cerrno>
#include <set>

#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(InodeNumbersTest, TheFirstDeviceShowsItsOwnNumbers) {
  InodeNumbers numbers;
  EXPECT_EQ(numbers.NumberOf(77, 42).value(), 42u);
  EXPECT_EQ(numbers.NumberOf(77, 1).value(), 1u);
}

TEST(InodeNumbersTest, TheSameFileHasTheSameNumberForEver) {
  InodeNumbers numbers;
  const uint64_t narrow = numbers.NumberOf(2, 42).value();
  const uint64_t wide = numbers.NumberOf(2, ~uint64_t{0}).value();
  for (uint64_t device = 3; device < 200; ++device) ASSERT_TRUE(numbers.NumberOf(device, 42).ok());
  EXPECT_EQ(numbers.NumberOf(2, 42).value(), narrow);
  EXPECT_EQ(numbers.NumberOf(2, ~uint64_t{0}).value(), wide);
}

TEST(InodeNumbersTest, NoTwoFilesShareANumberAndNoneIsZero) {
  InodeNumbers numbers;
  const uint64_t limit = uint64_t{1} << InodeNumbers::kInodeBits;
  std::set<uint64_t> seen;
  size_t files = 0;
  for (uint64_t device = 0; device < 100; ++device) {
    for (const uint64_t inode : {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{42}, limit - 1,
                                 limit, limit + 1, limit + 42, ~uint64_t{0}}) {
      const uint64_t number = numbers.NumberOf(device, inode).value();
      EXPECT_NE(number, 0u);
      EXPECT_TRUE(seen.insert(number).second) << device << " " << inode;
      ++files;
    }
  }
  EXPECT_EQ(seen.size(), files);
}

TEST(InodeNumbersTest, AFullWideTableIsAnErrorForNewFilesOnly) {
  InodeNumbers numbers(/*wide_inodes_max=*/1);
  const uint64_t wide = ~uint64_t{0};
  const uint64_t number = numbers.NumberOf(5, wide).value();
  EXPECT_EQ(StatusErrno(numbers.NumberOf(5, wide - 1).status()), EOVERFLOW);
  EXPECT_EQ(numbers.NumberOf(5, wide).value(), number);
  EXPECT_TRUE(numbers.NumberOf(5, 7).ok());
}

}  // namespace
}  // namespace coppice
