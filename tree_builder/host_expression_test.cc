#include "tree_builder/host_expression.h"

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> Expand(absl::string_view expression) {
  const auto names = ExpandHosts(expression);
  EXPECT_TRUE(names.ok()) << expression << ": " << names.status();
  return names.value_or(std::vector<std::string>());
}

std::string Error(absl::string_view expression) {
  const auto names = ExpandHosts(expression);
  EXPECT_TRUE(absl::IsInvalidArgument(names.status())) << expression << ": " << names.status();
  return std::string(names.status().message());
}

TEST(HostExpressionTest, ANameIsItself) {
  EXPECT_THAT(Expand("n1"), ElementsAre("n1"));
  EXPECT_THAT(Expand("n01.cluster-a.example_org"), ElementsAre("n01.cluster-a.example_org"));
}

TEST(HostExpressionTest, ARangeCountsUpIncludingBothEnds) {
  EXPECT_THAT(Expand("n[8-11]"), ElementsAre("n8", "n9", "n10", "n11"));
  EXPECT_THAT(Expand("n[5]"), ElementsAre("n5"));
  EXPECT_THAT(Expand("n[3-3,1]"), ElementsAre("n3", "n1"));
}

TEST(HostExpressionTest, ALowEndThatBeginsWithZeroPads) {
  EXPECT_THAT(Expand("n[08-10]"), ElementsAre("n08", "n09", "n10"));
  EXPECT_THAT(Expand("n[098-101,7,07]"), ElementsAre("n098", "n099", "n100", "n101", "n7", "n07"));
  EXPECT_THAT(Expand("n[0-1]"), ElementsAre("n0", "n1"));
  EXPECT_THAT(Expand("n[001-3]"), ElementsAre("n001", "n002", "n003"));
  EXPECT_THAT(Expand("n[98-100]"), ElementsAre("n98", "n99", "n100"));
}

TEST(HostExpressionTest, SeveralBracketsAreDimensionsAndTheLastIsFastest) {
  EXPECT_THAT(Expand("r[1-2]n[01-02]"), ElementsAre("r1n01", "r1n02", "r2n01", "r2n02"));
  EXPECT_THAT(Expand("n[1-2][3-4]"), ElementsAre("n13", "n14", "n23", "n24"));
  EXPECT_THAT(Expand("n[1-2]-ib[0,7].x"),
              ElementsAre("n1-ib0.x", "n1-ib7.x", "n2-ib0.x", "n2-ib7.x"));
  EXPECT_THAT(Expand("n0[1-2]5"), ElementsAre("n015", "n025"));
}

TEST(HostExpressionTest, AStepLeavesOut) {
  EXPECT_THAT(Expand("n[0-8/2]"), ElementsAre("n0", "n2", "n4", "n6", "n8"));
  EXPECT_THAT(Expand("n[01-10/4]"), ElementsAre("n01", "n05", "n09"));
  EXPECT_THAT(Expand("n[1-3/5]"), ElementsAre("n1"));
}

TEST(HostExpressionTest, OperatorsAreTakenFromLeftToRight) {
  EXPECT_THAT(Expand("a,b[1-2],a"), ElementsAre("a", "b1", "b2"));
  EXPECT_THAT(Expand("n[1-4]!n[2-3]"), ElementsAre("n1", "n4"));
  EXPECT_THAT(Expand("n[1-4]&n[3-9]"), ElementsAre("n3", "n4"));
  EXPECT_THAT(Expand("n[1-4]^n[3-6]"), ElementsAre("n1", "n2", "n5", "n6"));
  EXPECT_THAT(Expand("n[1-5]!n[2-3],n2"), ElementsAre("n1", "n4", "n5", "n2"));
  EXPECT_THAT(Expand("n1,n2&n2,n3"), ElementsAre("n2", "n3"));
  EXPECT_THAT(Expand("a!a"), IsEmpty());
}

TEST(HostExpressionTest, EachNameComesOnceAtItsFirstPlace) {
  EXPECT_THAT(Expand("n[2-3],n[1-2],n3"), ElementsAre("n2", "n3", "n1"));
  EXPECT_THAT(Expand("n[1,1-2]"), ElementsAre("n1", "n2"));
}

TEST(HostExpressionTest, ErrorsNameTheColumn) {
  EXPECT_EQ(Error("n[1-3"), "column 2: '[' is never closed");
  EXPECT_EQ(Error("n["), "column 2: '[' is never closed");
  EXPECT_EQ(Error("n1]"), "column 3: ']' without a '[' before it in 'n1]'");
  EXPECT_EQ(Error("n[3-1]"), "column 3: the range '3-1' goes down");
  EXPECT_EQ(Error("n[1-9/0]"), "column 3: the step of '1-9/0' is 0");
  EXPECT_EQ(Error("n[1-010]"), "column 3: the ends of '1-010' are padded differently");
  EXPECT_EQ(Error("n[]"), "column 3: a number is missing before ']' in 'n[]'");
  EXPECT_EQ(Error("n[1,,2]"), "column 5: a number is missing before ',' in 'n[1,,2]'");
  EXPECT_EQ(Error("n[-1]"), "column 3: a number is missing before '-' in 'n[-1]'");
  EXPECT_EQ(Error("n[1-[2-3]]"), "column 5: brackets within brackets are not understood");
  EXPECT_THAT(Error("n[1-2-3]"), StartsWith("column 6: a number is missing before '-'"));
  EXPECT_THAT(Error("n[a-b]"), StartsWith("column 3: 'a' cannot be in the brackets of 'n[a-b]'"));
  EXPECT_THAT(Error("n[1/2]"), StartsWith("column 4: a number is missing before '/'"));
  EXPECT_THAT(Error("n1,n/2"), StartsWith("column 5: '/' cannot be in the host name 'n1,n/2'"));
  EXPECT_THAT(Error("n1,@rack"), StartsWith("column 4: groups (@name) are not understood"));
  EXPECT_THAT(Error("n1,-n"), StartsWith("column 4: the host name '-n' does not start"));
  EXPECT_THAT(std::string(ExpandHosts("n[", 10).status().message()), StartsWith("column 11: "));
}

TEST(HostExpressionTest, AMissingOperandIsAnError) {
  EXPECT_EQ(Error(""), "column 1: a host name is empty");
  EXPECT_EQ(Error("a,,b"), "column 3: a host name is missing before ','");
  EXPECT_EQ(Error("!a"), "column 1: a host name is missing before '!'");
  EXPECT_EQ(Error("a,"), "column 3: a host name is missing after ','");
}

TEST(HostExpressionTest, WhatAnExpressionStandsForIsLimited) {
  EXPECT_THAT(Error("n[0-999999999]"), HasSubstr("more than 2000000 names"));
  EXPECT_THAT(Error("n[0-999][0-999][0-999]"), HasSubstr("column 17: this stands for more than"));
  EXPECT_THAT(Error("n[1-1000000],m[1-1000000],k"), HasSubstr("column 27: this stands for"));
  EXPECT_THAT(Error("n[1234567890123456789]"), HasSubstr("a number of more than 18 digits"));
  EXPECT_THAT(Error(absl::StrCat("n[1-2]", std::string(253, 'x'))), HasSubstr("longer than 253"));
  EXPECT_EQ(Expand("n[000000000000000001]").front(), "n000000000000000001");
}

TEST(HostExpressionTest, AnyTextEndsWithNamesOrWithAColumn) {
  constexpr char kCharacters[] = "n1[]-,/!&^0@.x9";
  size_t good = 0;
  for (uint32_t seed = 0; seed < 50'000; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    for (uint32_t i = 0, length = random() % 12; i < length; ++i) {
      text += kCharacters[random() % (sizeof(kCharacters) - 1)];
    }
    const auto names = ExpandHosts(text);
    good += names.ok() ? 1 : 0;
    if (!names.ok()) {
      EXPECT_THAT(std::string(names.status().message()), StartsWith("column ")) << text;
      continue;
    }
    for (const std::string& name : *names) {
      EXPECT_THAT(name, Not(testing::ContainsRegex("[^-n1.x09]"))) << text;
    }
  }
  EXPECT_GT(good, 1'000u);
}

TEST(HostExpressionTest, ALargeRangeIsQuickToRepeat) {
  EXPECT_EQ(Expand("n[1-500000],n[1-500000]").size(), 500'000u);
}

}  // namespace
}  // namespace coppice
