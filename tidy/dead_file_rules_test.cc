#include "tidy/dead_file_rules.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(HeadersAreIncludedTest, AHeaderThatAnotherFileIncludesIsAlive) {
  EXPECT_THAT(CheckHeadersAreIncluded({{"a/b.h", ""}, {"c/d.cc", "x\n#include \"a/b.h\"  // y\n"}}),
              IsEmpty());
}

TEST(HeadersAreIncludedTest, AHeaderThatNobodyElseIncludesIsFound) {
  EXPECT_EQ(Report(CheckHeadersAreIncluded({{"a/b.h", "#include \"a/b.h\"\n"},
                                            {"c/b.h", ""},
                                            {"a/x.cc", "#include \"c/b.h\"\n// a/b.h\n"}})),
            "a/b.h:0: no file includes this header; use it or remove it\n");
}

TEST(FilesAreBuiltTest, AFileThatItsBuildFileNamesIsBuilt) {
  EXPECT_THAT(CheckFilesAreBuilt({{"a/BUILD.bazel", "srcs = [\"b.cc\", \"deep/c_test.cc\"]"},
                                  {"BUILD.bazel", "srcs = [\"top.cc\"]"},
                                  {"a/b.cc", ""},
                                  {"a/deep/c_test.cc", ""},
                                  {"a/notes.md", ""},
                                  {"a/run.sh", ""},
                                  {"top.cc", ""}}),
              IsEmpty());
}

TEST(FilesAreBuiltTest, AFileOutsideEveryTargetIsFound) {
  const std::string report = Report(CheckFilesAreBuilt({{"a/BUILD.bazel", "srcs = [\"b_test.cc\"]"},
                                                        {"BUILD.bazel", "srcs = [\"c_test.cc\"]"},
                                                        {"a/c_test.cc", ""},
                                                        {"a/d.proto", ""},
                                                        {"a/e_test.sh", ""},
                                                        {"a/test.cc", ""}}));
  EXPECT_THAT(report,
              HasSubstr("a/c_test.cc:0: \"c_test.cc\" is in no target of //a: it is never"));
  EXPECT_THAT(report, HasSubstr("a/d.proto:0: "));
  EXPECT_THAT(report, HasSubstr("a/e_test.sh:0: "));
  EXPECT_THAT(report, HasSubstr("a/test.cc:0: "));
}

TEST(FilesAreBuiltTest, ATreeWithoutBuildFilesHasNoTargets) {
  EXPECT_THAT(Report(CheckFilesAreBuilt({{"a/b.cc", ""}})),
              HasSubstr("\"a/b.cc\" is in no target"));
}

}  // namespace
}  // namespace coppice
