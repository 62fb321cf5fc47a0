#include "tidy/word_rules.h"

#include <string>

#include "absl/strings/ascii.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(MarksTest, UnfinishedWorkIsFoundInEveryKindOfSource) {
  for (const char* small : {"todo", "fixme", "xxx", "hack"}) {
    // In capitals here, this file would break the rule.
    const std::string mark = absl::AsciiStrToUpper(small);
    for (const char* path :
         {"a/b.cc", "a/b.h", "a/b.proto", "a/b.sh", "a/BUILD.bazel", "a/b.bzl"}) {
      EXPECT_THAT(Report(CheckMarks({path, "x\n// " + mark + "(me): y\n"})),
                  HasSubstr(std::string(path) + ":2: '" + mark + "' marks"))
          << path;
    }
  }
}

TEST(MarksTest, PartsOfWordsAreNoMarks) {
  EXPECT_THAT(CheckMarks({"a/b.sh", "mktemp -d /tmp/x.XXXXXX; HACKS=1; MASTODON; todo"}),
              IsEmpty());
}

TEST(FileNameTest, NamesThatExplainNothingAreFound) {
  for (const char* path : {"a/string_util.h", "a/utils.cc", "helpers/x.cc", "a/cache_manager.h",
                           "a/misc.sh", "common.h", "a/common.h", "a/test-helper.py"}) {
    EXPECT_THAT(Report(CheckFileName({path, ""})), HasSubstr(path)) << path;
  }
}

TEST(FileNameTest, OtherNamesAreFine) {
  for (const char* path : {"common/status.h", "a/utilization.h", "source/path.cc", "README.md"}) {
    EXPECT_THAT(CheckFileName({path, ""}), IsEmpty()) << path;
  }
}

TEST(SleepingTest, ATestThatSleepsIsFound) {
  for (const char* call : {"std::this_thread::sleep_for(x);", "usleep(1);", "absl::SleepFor(x);",
                           "nanosleep(&x, nullptr);", "sleep(1);"}) {
    const std::string text = std::string("\n  ") + call;
    EXPECT_THAT(Report(CheckSleeping({"a/b_test.cc", text})), HasSubstr("a/b_test.cc:2: a test"));
    EXPECT_THAT(CheckSleeping({"a/b.cc", text}), IsEmpty());
  }
}

TEST(SleepingTest, SpeakingOfSleepIsFine) {
  EXPECT_THAT(CheckSleeping({"a/b_test.cc", "// usleep(1)\nrun(\"sleep(9)\"); bool sleep;"}),
              IsEmpty());
}

TEST(HeaderTest, CommentAndGuardAreWanted) {
  const std::string good =
      "// What it is.\n#ifndef COPPICE_A_B_C_H_\n#define COPPICE_A_B_C_H_\n\nint x;\n\n"
      "#endif  // COPPICE_A_B_C_H_\n";
  EXPECT_THAT(CheckHeader({"a/b_c.h", good}), IsEmpty());
  EXPECT_THAT(CheckHeader({"a/b_c.cc", "int x;"}), IsEmpty());
  EXPECT_EQ(Report(CheckHeader({"a/b_c.h", good.substr(good.find('\n') + 1)})).find("a/b_c.h:1: "),
            0u);
  EXPECT_EQ(CheckHeader({"a/other.h", good}).size(), 3u);
  EXPECT_THAT(Report(CheckHeader({"a/b_c.h", "// x\n#pragma once\n"})),
              HasSubstr("the line '#ifndef COPPICE_A_B_C_H_' is missing"));
}

}  // namespace
}  // namespace coppice
