#include "bench/process/sample_files.h"

#include <cerrno>
#include <filesystem>
#include <string>

#include "common/status.h"
#include "deploy/pipe.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

TEST(SampleFilesTest, SmallFilesAreSpreadOverDirectories) {
  const TemporaryDirectory directory;
  const auto directories = WriteSmallFiles(directory.Below("tree"), 7, 100, 3, {});
  ASSERT_TRUE(directories.ok()) << directories.status();
  EXPECT_EQ(*directories, 3u);
  EXPECT_EQ(std::filesystem::file_size(directory.Below("tree/directory_2/file_6")), 100u);
}

TEST(SampleFilesTest, WhatCannotBeWrittenIsNamed) {
  const absl::Status status = WriteLargeFile("/proc/none", 1, {});
  EXPECT_EQ(StatusErrno(status), ENOENT);
  EXPECT_NE(std::string(status.message()).find("/proc/none"), std::string::npos);
}

TEST(SampleFilesTest, WritingEndsWhenTheUserWantsIt) {
  const TemporaryDirectory directory;
  auto pipe = OpenPipe();
  ASSERT_TRUE(pipe.ok()) << pipe.status();
  pipe->write_end.Reset();
  BenchContext context;
  context.interrupt_descriptor = pipe->read_end.get();
  EXPECT_TRUE(
      absl::IsCancelled(WriteLargeFile(directory.Below("large"), kSampleBytesMax, context)));
  EXPECT_TRUE(absl::IsCancelled(
      WriteSmallFiles(directory.Below("tree"), kSampleFilesMax, 1, 100, context).status()));
}

}  // namespace
}  // namespace coppice
