#include "fuse_client/attribute_encoding.h"

#include <cerrno>

#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(AttributeEncodingTest, EachFieldOfStatIsFilled) {
  InodeNumbers numbers;
  const Attributes attributes = {.mode = S_IFREG | 0640,
                                 .nlink = 3,
                                 .uid = 1001,
                                 .gid = 1002,
                                 .rdev = 7,
                                 .size = uint64_t{5} << 40,
                                 .blocks = 1234,
                                 .block_size = 4 << 20,
                                 .atime = absl::FromUnixNanos(1'000'000'001),
                                 .mtime = absl::FromUnixNanos(-1'999'999'999),
                                 .ctime = absl::FromUnixNanos(3'123'456'789),
                                 .device = 9,
                                 .inode = 42};
  const struct stat stat = EncodeAttributes(attributes, numbers).value();
  EXPECT_EQ(stat.st_ino, 42u);
  EXPECT_EQ(stat.st_mode, S_IFREG | 0640u);
  EXPECT_EQ(stat.st_nlink, 3u);
  EXPECT_EQ(stat.st_uid, 1001u);
  EXPECT_EQ(stat.st_gid, 1002u);
  EXPECT_EQ(stat.st_rdev, 7u);
  EXPECT_EQ(stat.st_size, off_t{5} << 40);
  EXPECT_EQ(stat.st_blocks, 1234);
  EXPECT_EQ(stat.st_blksize, 4 << 20);
  EXPECT_EQ(stat.st_atim.tv_sec, 1);
  EXPECT_EQ(stat.st_atim.tv_nsec, 1);
  EXPECT_EQ(stat.st_mtim.tv_sec, -2);
  EXPECT_EQ(stat.st_mtim.tv_nsec, 1);
  EXPECT_EQ(stat.st_ctim.tv_sec, 3);
  EXPECT_EQ(stat.st_ctim.tv_nsec, 123'456'789);
}

TEST(AttributeEncodingTest, AFileThatCannotBeNumberedIsAnError) {
  InodeNumbers numbers(/*wide_inodes_max=*/0);
  EXPECT_EQ(StatusErrno(EncodeAttributes({.inode = ~uint64_t{0}}, numbers).status()), EOVERFLOW);
}

TEST(AttributeEncodingTest, TimeoutsHaveAnEnd) {
  EXPECT_EQ(TimeoutSeconds(absl::InfiniteDuration()), kForeverSeconds);
  EXPECT_EQ(TimeoutSeconds(absl::Seconds(10)), 10.0);
  EXPECT_EQ(TimeoutSeconds(-absl::Seconds(10)), 0.0);
}

TEST(AttributeEncodingTest, AMissingNameIsAnEntryWithoutANode) {
  const fuse_entry_param entry = EncodeMissing(5);
  EXPECT_EQ(entry.ino, 0u);
  EXPECT_EQ(entry.entry_timeout, 5);
}

TEST(AttributeEncodingTest, StatisticsKeepTheirFields) {
  const struct statvfs encoded = EncodeStatistics({.block_size = 1,
                                                   .fragment_size = 2,
                                                   .blocks = 3,
                                                   .blocks_free = 4,
                                                   .blocks_available = 5,
                                                   .files = 6,
                                                   .files_free = 7,
                                                   .files_available = 8,
                                                   .name_bytes_max = 9});
  EXPECT_EQ(encoded.f_bsize, 1u);
  EXPECT_EQ(encoded.f_frsize, 2u);
  EXPECT_EQ(encoded.f_blocks, 3u);
  EXPECT_EQ(encoded.f_bfree, 4u);
  EXPECT_EQ(encoded.f_bavail, 5u);
  EXPECT_EQ(encoded.f_files, 6u);
  EXPECT_EQ(encoded.f_ffree, 7u);
  EXPECT_EQ(encoded.f_favail, 8u);
  EXPECT_EQ(encoded.f_namemax, 9u);
}

}  // namespace
}  // namespace coppice
