#include "trace/trace_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

class TraceFileTest : public testing::Test {
 protected:
  Trace SomeTrace(const std::string& path) const {
    return {.touches = {{TouchKind::kFile, Path::Parse(path).value()}}};
  }
  size_t FilesHere() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(directory_.path())) {
      ++count;
    }
    return count;
  }

  TemporaryDirectory directory_;
  const std::string file_ = directory_.Below("import.trace");
};

TEST_F(TraceFileTest, WhatIsWrittenIsReadBackAndReplacesWhatWasThere) {
  ASSERT_TRUE(WriteTraceFile(file_, SomeTrace("old")).ok());
  ASSERT_TRUE(WriteTraceFile(file_, SomeTrace("new")).ok());
  EXPECT_EQ(ReadTraceFile(file_).value(), SomeTrace("new"));
  EXPECT_EQ(FilesHere(), 1u);
}

TEST_F(TraceFileTest, AReaderOfTheOldFileKeepsIt) {
  ASSERT_TRUE(WriteTraceFile(file_, SomeTrace("old")).ok());
  std::ifstream old(file_);
  ASSERT_TRUE(WriteTraceFile(file_, SomeTrace("new")).ok());
  std::string line;
  std::getline(old, line);
  std::getline(old, line);
  EXPECT_EQ(line, "file old");
}

TEST_F(TraceFileTest, AMissingDirectoryIsAnErrorBeforeAnythingIsRecorded) {
  const std::string nowhere = directory_.Below("no/import.trace");
  EXPECT_EQ(StatusErrno(CheckTraceFile(nowhere)), ENOENT);
  EXPECT_EQ(StatusErrno(WriteTraceFile(nowhere, {})), ENOENT);
  EXPECT_THAT(std::string(CheckTraceFile(nowhere).message()), HasSubstr(nowhere));
}

TEST_F(TraceFileTest, ADirectoryIsNoFileForATrace) {
  EXPECT_EQ(StatusErrno(CheckTraceFile(directory_.path())), EISDIR);
  EXPECT_FALSE(WriteTraceFile(directory_.path(), {}).ok());
  EXPECT_EQ(StatusErrno(ReadTraceFile(directory_.path()).status()), EISDIR);
}

TEST_F(TraceFileTest, NobodyWaitsForTheWriterOfAPipe) {
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  const absl::Status read = ReadTraceFile(file_).status();
  EXPECT_EQ(StatusErrno(read), EINVAL);
  EXPECT_THAT(std::string(read.message()), HasSubstr(file_));
}

TEST_F(TraceFileTest, ACheckLeavesWhatIsThere) {
  EXPECT_TRUE(CheckTraceFile(file_).ok());
  EXPECT_EQ(FilesHere(), 0u);
  ASSERT_TRUE(WriteTraceFile(file_, SomeTrace("old")).ok());
  EXPECT_TRUE(CheckTraceFile(file_).ok());
  EXPECT_EQ(ReadTraceFile(file_).value(), SomeTrace("old"));
}

TEST_F(TraceFileTest, AnErrorNamesTheFileAndItsLine) {
  EXPECT_EQ(StatusErrno(ReadTraceFile(file_).status()), ENOENT);
  directory_.Write("import.trace", "coppice-trace 1\nfolder a\nend 1\n");
  EXPECT_THAT(std::string(ReadTraceFile(file_).status().message()),
              HasSubstr(file_ + ": line 2: no touch"));
}

TEST_F(TraceFileTest, AFileBeyondTheLimitIsRefused) {
  directory_.Write("import.trace", "");
  std::filesystem::resize_file(file_, kTraceFileBytesMax + 1);
  EXPECT_EQ(StatusErrno(ReadTraceFile(file_).status()), EFBIG);
}

}  // namespace
}  // namespace coppice
