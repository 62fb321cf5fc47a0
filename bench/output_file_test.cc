#include "bench/output_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "bench/scratch_directory.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

class OutputFileTest : public testing::Test {
 protected:
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }

  const ScratchDirectory scratch_ = ScratchDirectory::Make().value();
  const std::string file_ = scratch_.File("picture");
};

TEST_F(OutputFileTest, TheCheckLeavesNoFileWhereNoneWas) {
  EXPECT_TRUE(CheckOutputFile(file_).ok());
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(OutputFileTest, TheCheckLeavesWhatIsThere) {
  ASSERT_TRUE(WriteOutputFile(file_, "precious").ok());
  EXPECT_TRUE(CheckOutputFile(file_).ok());
  EXPECT_EQ(Read(file_), "precious");
}

TEST_F(OutputFileTest, TheCheckLeavesALinkToWhatIsNotThere) {
  std::filesystem::create_symlink(scratch_.File("nothing"), file_);
  EXPECT_TRUE(CheckOutputFile(file_).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(file_));
  EXPECT_FALSE(std::filesystem::exists(scratch_.File("nothing")));
}

TEST_F(OutputFileTest, WritingReplacesAllOfWhatWasThere) {
  ASSERT_TRUE(WriteOutputFile(file_, "long text").ok());
  ASSERT_TRUE(WriteOutputFile(file_, "short").ok());
  EXPECT_EQ(Read(file_), "short");
}

TEST_F(OutputFileTest, WhereNothingCanBeWrittenIsNamedByBoth) {
  const std::string nowhere = scratch_.File("no such directory/picture");
  for (const absl::Status& status : {CheckOutputFile(nowhere), WriteOutputFile(nowhere, "x")}) {
    EXPECT_EQ(StatusErrno(status), ENOENT);
    EXPECT_THAT(std::string(status.message()), HasSubstr(nowhere));
  }
  for (const absl::Status& status :
       {CheckOutputFile(scratch_.path()), WriteOutputFile(scratch_.path(), "x")}) {
    EXPECT_EQ(StatusErrno(status), EISDIR);
  }
}

TEST_F(OutputFileTest, ADiskWithoutRoomIsAnErrorOfWriting) {
  EXPECT_TRUE(CheckOutputFile("/dev/full").ok());
  EXPECT_EQ(StatusErrno(WriteOutputFile("/dev/full", "x")), ENOSPC);
}

}  // namespace
}  // namespace coppice
