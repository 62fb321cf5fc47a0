#include "bench/process/kernel_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/process/sample_files.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

class KernelReaderTest : public testing::Test {
 protected:
  // Two full directories and one with a single file, a link beside them.
  void SetUp() override {
    const auto directories = WriteSmallFiles(root_, 7, 100, 3, {});
    ASSERT_TRUE(directories.ok()) << directories.status();
    ASSERT_EQ(*directories, 3u);
    std::filesystem::create_symlink("directory_0", root_ + "/link");
  }

  const TemporaryDirectory directory_;
  const std::string root_ = directory_.Below("tree");
};

TEST_F(KernelReaderTest, AWalkCountsEverythingOnce) {
  const auto totals = WalkTree(root_, /*read_files=*/false);
  ASSERT_TRUE(totals.ok()) << totals.status();
  EXPECT_EQ(totals->directories, 4u);
  EXPECT_EQ(totals->files, 7u);
  EXPECT_EQ(totals->other, 1u);  // the link, which is not followed
  EXPECT_EQ(totals->bytes, 0u);
}

TEST_F(KernelReaderTest, AWalkThatReadsReadsEveryByte) {
  const auto totals = WalkTree(root_, /*read_files=*/true);
  ASSERT_TRUE(totals.ok()) << totals.status();
  EXPECT_EQ(totals->files, 7u);
  EXPECT_EQ(totals->bytes, 700u);
}

TEST_F(KernelReaderTest, FilesAreNamedFromTheRoot) {
  auto files = FilesBelow(root_);
  ASSERT_TRUE(files.ok()) << files.status();
  std::sort(files->begin(), files->end());
  ASSERT_EQ(files->size(), 7u);
  EXPECT_EQ(files->front(), "directory_0/file_0");
  EXPECT_EQ(files->back(), "directory_2/file_6");
}

TEST_F(KernelReaderTest, StatsWantFilesAndTheirMissingNeighbours) {
  EXPECT_TRUE(StatAll(root_, {"directory_0/file_0", "directory_1/file_3"}).ok());
  EXPECT_EQ(StatusErrno(StatAll(root_, {"directory_0/file_3"})), ENOENT);
  directory_.Write("tree/directory_0/file_0.missing", "there");
  EXPECT_FALSE(StatAll(root_, {"directory_0/file_0"}).ok());
}

TEST_F(KernelReaderTest, ALargeFileIsReadToItsEnd) {
  constexpr size_t kBytes = (size_t{2} << 20) + 17;
  ASSERT_TRUE(WriteLargeFile(directory_.Below("large"), kBytes, {}).ok());
  const auto bytes = ReadSequentially(directory_.Below("large"));
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(*bytes, kBytes);
}

TEST_F(KernelReaderTest, WhatIsNotThereKeepsItsErrno) {
  EXPECT_EQ(StatusErrno(ReadSequentially(root_ + "/none").status()), ENOENT);
  EXPECT_EQ(StatusErrno(WalkTree(root_ + "/none", true).status()), ENOENT);
  EXPECT_EQ(StatusErrno(FilesBelow(root_ + "/link/file_0").status()), ENOTDIR);
  EXPECT_EQ(StatusErrno(WriteLargeFile(root_ + "/none/large", 1, {})), ENOENT);
}

}  // namespace
}  // namespace coppice
