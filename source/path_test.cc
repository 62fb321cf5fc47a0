#include "source/path.h"

#include <cerrno>
#include <string>
#include <vector>

#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

int ParseErrno(absl::string_view text) { return StatusErrno(Path::Parse(text).status()); }

TEST(PathTest, TheEmptyTextIsTheRoot) {
  ASSERT_TRUE(Path::Parse("").ok());
  EXPECT_TRUE(Path::Parse("")->IsRoot());
  EXPECT_EQ(*Path::Parse(""), Path());
}

TEST(PathTest, NothingLeavesTheRoot) {
  for (const char* text :
       {"..", "a/..", "../a", "a/../../b", ".", "a/./b", "/", "/a", "a/", "a//b"}) {
    EXPECT_EQ(ParseErrno(text), EINVAL) << text;
  }
  EXPECT_EQ(ParseErrno(absl::string_view("a\0b", 3)), EINVAL);
}

TEST(PathTest, BytesThatAreNotUtf8AreAName) { EXPECT_TRUE(Path::Parse("a/\xff\xfe\n b").ok()); }

TEST(PathTest, LimitsAreThoseOfLinux) {
  EXPECT_TRUE(Path::Parse(std::string(255, 'x')).ok());
  EXPECT_EQ(ParseErrno(std::string(256, 'x')), ENAMETOOLONG);
  std::string deep = "x";
  while (deep.size() + 2 <= 4095) deep += "/x";
  EXPECT_TRUE(Path::Parse(deep).ok());
  EXPECT_EQ(ParseErrno(deep + "/x"), ENAMETOOLONG);
  EXPECT_EQ(StatusErrno(Path::Parse(deep)->Child("x").status()), ENAMETOOLONG);
}

TEST(PathTest, ChildParentAndName) {
  const Path a = *Path().Child("a");
  const Path ab = *a.Child("b c");
  EXPECT_EQ(ab.text(), "a/b c");
  EXPECT_EQ(ab.Name(), "b c");
  EXPECT_EQ(ab.Parent(), a);
  EXPECT_EQ(a.Parent(), Path());
  EXPECT_EQ(a.Name(), "a");
  for (const char* name : {"", ".", "..", "b/c"}) {
    EXPECT_EQ(StatusErrno(a.Child(name).status()), EINVAL) << name;
  }
}

TEST(PathTest, WithinCountsWholeComponents) {
  const auto within = [](const char* path, const char* ancestor) {
    return Path::Parse(path)->IsWithin(*Path::Parse(ancestor));
  };
  EXPECT_TRUE(within("a/b", "a/b"));
  EXPECT_TRUE(within("a/b/c", "a/b"));
  EXPECT_TRUE(within("a", ""));
  EXPECT_TRUE(within("", ""));
  EXPECT_FALSE(within("a/bc", "a/b"));
  EXPECT_FALSE(within("a", "a/b"));
  EXPECT_FALSE(within("b/a", "a"));
}

}  // namespace
}  // namespace coppice
