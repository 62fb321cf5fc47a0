#include "tidy/size_rules.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Lines(size_t count, absl::string_view line = "  x();") {
  std::string text;
  for (size_t i = 0; i < count; ++i) absl::StrAppend(&text, line, "\n");
  return text;
}

// The report on a body of so many lines between a head and a tail.
std::string Function(absl::string_view head, size_t body, absl::string_view tail) {
  return Report(CheckFunctionLength({"a/b.cc", absl::StrCat(head, "\n", Lines(body), tail, "\n")}));
}

TEST(FileLengthTest, FourHundredLinesAreEnough) {
  for (const char* path : {"a/b.cc", "a/b.h", "a/b.sh", "a/b.bzl", "a/b.proto"}) {
    EXPECT_THAT(CheckFileLength({path, Lines(400)}), IsEmpty()) << path;
    EXPECT_THAT(Report(CheckFileLength({path, Lines(401)})),
                HasSubstr(":401: the file has 401 lines of at most 400; split"))
        << path;
  }
  EXPECT_THAT(CheckFileLength({"a/BUILD.bazel", Lines(401)}), IsEmpty());
}

TEST(LineLengthTest, AHundredColumnsAreEnough) {
  EXPECT_THAT(CheckLineLength({"a/b.cc", std::string(100, 'x')}), IsEmpty());
  EXPECT_THAT(Report(CheckLineLength({"a/b.cc", "\n" + std::string(101, 'x')})),
              HasSubstr("a/b.cc:2: the line has 101 columns"));
  EXPECT_THAT(Report(CheckLineLength({"a/b.sh", std::string(101, 'x')})), HasSubstr("101"));
  EXPECT_THAT(CheckLineLength({"a/b.md", std::string(101, 'x')}), IsEmpty());
}

TEST(LineLengthTest, ACharacterIsAColumn) {
  std::string line;
  for (int i = 0; i < 100; ++i) line += "\xc3\xa9";
  EXPECT_THAT(CheckLineLength({"a/b.cc", line}), IsEmpty());
  EXPECT_EQ(CheckLineLength({"a/b.cc", line + "x"}).size(), 1u);
}

TEST(FunctionLengthTest, SeventyLinesAreEnough) {
  EXPECT_THAT(Function("void F() {", 68, "}"), IsEmpty());
  EXPECT_EQ(Function("void F() {", 69, "}"),
            "a/b.cc:1: the function has 71 lines of at most 70; split it\n");
}

TEST(FunctionLengthTest, TheHeadCountsFromItsFirstLine) {
  EXPECT_THAT(Function("// why\n\nint F(int a,\n      int b) {", 68, "}"), HasSubstr("b.cc:3: "));
}

TEST(FunctionLengthTest, EveryKindOfFunctionIsMeasured) {
  for (const char* head :
       {"namespace a {\nvoid F() {", "TEST(A, B) {", "A::A(int b) : b_(b), c_(b) {",
        "template <typename T>\nvoid F(T t) {",
        "class A final : public B<int> {\n public:\n  A() {",
        "bool A::operator==(const A& b) const {", "struct stat F() {", "A::~A() {",
        "#include <x>\n#define Y(z)\nvoid F() {", "std::function<void(int)> F() {",
        "struct alignas(64) A {\n  void F() const override {"}) {
    EXPECT_THAT(Function(head, 70, "}"), HasSubstr("of at most 70")) << head;
    EXPECT_THAT(Function(head, 60, "}"), IsEmpty()) << head;
  }
}

TEST(FunctionLengthTest, WhatIsNoFunctionMayBeLonger) {
  for (const char* head : {"namespace {", "class A {", "struct A : B {", "enum class A {",
                           "extern \"C\" {", "constexpr int kA[] = {", "const auto kA = F({",
                           "struct alignas(64) A {", "class A : public B<void()> {"}) {
    EXPECT_THAT(Function(head, 100, "}"), IsEmpty()) << head;
  }
}

TEST(FunctionLengthTest, BracesInTextAreNoBraces) {
  EXPECT_THAT(Function("void F() { return '{'; }  // {\nnamespace {", 100, "}"), IsEmpty());
  EXPECT_THAT(Function("void F() {\n  g(\"}\");  // }\n", 70, "}"), HasSubstr("of at most"));
}

TEST(FunctionLengthTest, ALambdaIsPartOfItsFunction) {
  const std::string text =
      absl::StrCat("void F() {\n", Lines(40), "  g([] {\n", Lines(40), "  });\n}\n");
  EXPECT_EQ(CheckFunctionLength({"a/b.cc", text}).size(), 1u);
}

}  // namespace
}  // namespace coppice
