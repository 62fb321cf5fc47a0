#include "tidy/code_text.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(CodeTextTest, CommentsAreBlank) {
  EXPECT_EQ(CodeOnly("a; // b {\nc;"), "a;       \nc;");
  EXPECT_EQ(CodeOnly("a /* { \n } */ b"), "a      \n      b");
  EXPECT_EQ(CodeOnly("a / b"), "a / b");
  EXPECT_EQ(CodeOnly("// last"), "       ");
  EXPECT_EQ(CodeOnly("/* open"), "       ");
}

TEST(CodeTextTest, LiteralsAreEmpty) {
  EXPECT_EQ(CodeOnly("f(\"{ // \\\" x\");"), "f(\"         \");");
  EXPECT_EQ(CodeOnly("c == '{' || c == '\\''"), "c == ' ' || c == '  '");
  EXPECT_EQ(CodeOnly("\"a\" b \"c\""), "\" \" b \" \"");
  EXPECT_EQ(CodeOnly("\"open"), "\"    ");
}

TEST(CodeTextTest, RawStringsEndAtTheirDelimiter) {
  EXPECT_EQ(CodeOnly("R\"(a\" {\n)\" b"), "R\"     \n \" b");
  EXPECT_EQ(CodeOnly("R\"x(a)\" )x\" b"), "R\"        \" b");
}

TEST(CodeTextTest, DigitSeparatorsAreNoLiterals) {
  EXPECT_EQ(CodeOnly("1'000'000 + f('x')"), "1'000'000 + f(' ')");
}

TEST(CodeTextTest, LinesCountFromOne) {
  EXPECT_EQ(LineOf("a\nb\n", 0), 1u);
  EXPECT_EQ(LineOf("a\nb\n", 2), 2u);
  EXPECT_EQ(LineOf("a\nb\n", 100), 3u);
}

TEST(CodeTextTest, AWordStandsByItself) {
  EXPECT_EQ(FindWord("reopen open_x open(", "open"), 14u);
  EXPECT_EQ(FindWord("openat", "open"), absl::string_view::npos);
  EXPECT_EQ(FindWord("open", "open"), 0u);
  EXPECT_EQ(FindWord("open open", "open", 1), 5u);
}

}  // namespace
}  // namespace coppice
