// Our own rules, held against every source file of the workspace.
//
// The files are found by walking the workspace behind the runfiles, so that no folder can be
// forgotten; the test is therefore local, and external: never answered from Bazel's cache.
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tidy/dead_file_rules.h"
#include "tidy/floor_rules.h"
#include "tidy/size_rules.h"
#include "tidy/source_tree.h"
#include "tidy/word_rules.h"

namespace coppice {
namespace {

class TidyTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    // A runfile of a local test is a link into the workspace.
    std::error_code error;
    const std::filesystem::path readme = std::filesystem::canonical("README.md", error);
    ASSERT_FALSE(error) << "README.md is no runfile: " << error.message();
    auto files = ReadSourceTree(readme.parent_path().string());
    ASSERT_TRUE(files.ok()) << files.status();
    files_ = new std::vector<SourceFile>(*std::move(files));
  }

  static void TearDownTestSuite() {
    delete files_;
    files_ = nullptr;
  }

  void SetUp() override { ASSERT_NE(files_, nullptr); }

  using FileRule = std::function<std::vector<Finding>(const SourceFile&)>;

  // The findings of the rule, over all files.
  static std::vector<Finding> FindingsOf(const FileRule& rule) {
    std::vector<Finding> findings;
    for (const SourceFile& file : *files_) {
      for (Finding& finding : rule(file)) findings.push_back(std::move(finding));
    }
    return findings;
  }
  static std::string ReportOf(const FileRule& rule) { return Report(FindingsOf(rule)); }

  static const std::vector<SourceFile>& files() { return *files_; }

 private:
  static std::vector<SourceFile>* files_;
};

std::vector<SourceFile>* TidyTest::files_ = nullptr;

TEST_F(TidyTest, TheWholeTreeIsRead) {
  bool has_itself = false;
  bool has_the_interface = false;
  for (const SourceFile& file : files()) {
    has_itself |= file.path == "tidy/tidy_test.cc";
    has_the_interface |= file.path == "source/source.h";
  }
  EXPECT_TRUE(has_itself && has_the_interface) << files().size() << " files were found";
}

TEST_F(TidyTest, IncludesOnlyPointDown) { EXPECT_EQ(ReportOf(CheckFloors), ""); }

TEST_F(TidyTest, OnlyTheClientIncludesLibfuse) { EXPECT_EQ(ReportOf(CheckFuseIncludes), ""); }

TEST_F(TidyTest, OnlyTheWireIncludesGrpc) { EXPECT_EQ(ReportOf(CheckGrpcIncludes), ""); }

TEST_F(TidyTest, OnlyThePosixSourceOpensFiles) { EXPECT_EQ(ReportOf(CheckFileOpening), ""); }

TEST_F(TidyTest, FilesAreShort) { EXPECT_EQ(ReportOf(CheckFileLength), ""); }

TEST_F(TidyTest, LinesAreShort) { EXPECT_EQ(ReportOf(CheckLineLength), ""); }

TEST_F(TidyTest, FunctionsAreShort) { EXPECT_EQ(ReportOf(CheckFunctionLength), ""); }

TEST_F(TidyTest, NoMarksOfUnfinishedWork) { EXPECT_EQ(ReportOf(CheckMarks), ""); }

TEST_F(TidyTest, FileNamesExplainSomething) { EXPECT_EQ(ReportOf(CheckFileName), ""); }

TEST_F(TidyTest, TestsDoNotSleep) { EXPECT_EQ(ReportOf(CheckSleeping), ""); }

TEST_F(TidyTest, HeadersHaveACommentAndTheirGuard) { EXPECT_EQ(ReportOf(CheckHeader), ""); }

TEST_F(TidyTest, EveryHeaderIsIncluded) { EXPECT_EQ(Report(CheckHeadersAreIncluded(files())), ""); }

TEST_F(TidyTest, EveryFileIsBuilt) { EXPECT_EQ(Report(CheckFilesAreBuilt(files())), ""); }

}  // namespace
}  // namespace coppice
