#include "tree_builder/tree_file.h"

#include <cerrno>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kThree[] =
    "# Who is in the job, and who is whose parent. Made by tree_builder.\n"
    "format: 1\n"
    "members { name: \"n1\" address: \"n1:7117\" }\n"
    "members { name: \"n2\" address: \"[::1]:7117\" }\n"
    "members { name: \"n3\" address: \"n3:7117\" }\n"
    "trees {\n"
    "  fanout: 2\n"
    "  parent_plus_one: [0, 1, 1]\n"
    "}\n";

std::vector<Member> Three() {
  return {{"n1", {"n1:7117"}}, {"n2", {"[::1]:7117"}}, {"n3", {"n3:7117"}}};
}

std::string Error(absl::string_view text) {
  const auto tree_file = TreeFile::Parse(text);
  EXPECT_TRUE(absl::IsInvalidArgument(tree_file.status())) << tree_file.status();
  return std::string(tree_file.status().message());
}

// The good file with one thing wrong.
std::string ErrorWith(absl::string_view good, absl::string_view bad) {
  const std::string text = absl::StrReplaceAll(kThree, {{good, bad}});
  EXPECT_NE(text, kThree) << good;
  return Error(text);
}

TEST(TreeFileTest, TheTextIsTheSameForTheSameMembers) {
  EXPECT_EQ(*TreeFileText(Three(), 2), kThree);
}

TEST(TreeFileTest, WhatIsWrittenIsRead) {
  for (const size_t count : {1u, 2u, 15u, 16u, 17u, 33u, 10'000u}) {
    std::vector<Member> members;
    for (size_t i = 0; i < count; ++i) {
      members.push_back({absl::StrCat("nid", i), {absl::StrCat("10.0.0.1:", i + 1)}});
    }
    const auto tree_file = TreeFile::Parse(*TreeFileText(members, 3));
    ASSERT_TRUE(tree_file.ok()) << tree_file.status();
    EXPECT_EQ(tree_file->members(), members);
    EXPECT_EQ(tree_file->topology().parent_plus_one(), BuildTree(count, 3)->parent_plus_one());
    EXPECT_EQ(tree_file->topology().fanout(), 3u);
  }
}

TEST(TreeFileTest, AFileOfAnotherWriterIsRead) {
  const auto tree_file = TreeFile::Parse(
      "trees: < parent_plus_one: 2, parent_plus_one: 0 fanout: 1 > format: 0x1\n"
      "members: [{name: 'a' address: 'a:1'}, {address: 'b:1' name: 'b'}]");
  ASSERT_TRUE(tree_file.ok()) << tree_file.status();
  EXPECT_THAT(tree_file->members(), ElementsAre(Member{"a", {"a:1"}}, Member{"b", {"b:1"}}));
  EXPECT_EQ(tree_file->topology().root(), 1u);
}

TEST(TreeFileTest, AnEmptyTextIsAnError) {
  EXPECT_THAT(Error(""), HasSubstr("it is empty"));
  EXPECT_THAT(Error(" \n\t\n"), HasSubstr("it is empty"));
}

TEST(TreeFileTest, MalformedTextIsShownByLineAndColumn) {
  EXPECT_THAT(Error("format: 1\nmembers { nome: \"n1\" }\n"), HasSubstr("line 2, column 15: "));
  EXPECT_THAT(Error(absl::string_view(kThree, sizeof(kThree) - 4)), HasSubstr("line 8, column"));
}

TEST(TreeFileTest, AnotherFormatIsAnError) {
  EXPECT_THAT(ErrorWith("format: 1", "format: 2"), HasSubstr("format is 2; only 1 is understood"));
  EXPECT_THAT(ErrorWith("format: 1", ""), HasSubstr("format is 0;"));
}

TEST(TreeFileTest, MembersAreThereNamedAddressedAndUnique) {
  EXPECT_THAT(Error("format: 1 trees {fanout: 2}"), HasSubstr("it has no members"));
  EXPECT_THAT(ErrorWith("\"n3\"", "\"n1\""), HasSubstr("member 2 ('n1'): member 0 has this name"));
  EXPECT_THAT(ErrorWith("\"n3\"", "\"n 3\""), HasSubstr("member 2 ('n 3'): ' ' cannot be in"));
  EXPECT_THAT(ErrorWith("name: \"n3\"", ""), HasSubstr("member 2 (''): a host name is empty"));
  EXPECT_THAT(ErrorWith("address: \"n3:7117\"", ""),
              HasSubstr("member 2 ('n3'): it has no address"));
  EXPECT_THAT(ErrorWith("n3:7117", "n3"), HasSubstr("member 2 ('n3'): address 'n3' has no port"));
}

TEST(TreeFileTest, TheParentsMakeOneTree) {
  EXPECT_THAT(ErrorWith("[0, 1, 1]", "[0, 1]"), HasSubstr("2 parents for 3 members"));
  EXPECT_THAT(ErrorWith("[0, 1, 1]", "[0, 1, 0]"), HasSubstr("two roots"));
  EXPECT_THAT(ErrorWith("[0, 1, 1]", "[0, 3, 2]"), HasSubstr("does not reach the root"));
  EXPECT_THAT(ErrorWith("[0, 1, 1]", "[0, 1, 4]"), HasSubstr("member 2 has the parent 3"));
  EXPECT_THAT(ErrorWith("fanout: 2", "fanout: 1"), HasSubstr("member 0 has 2 children"));
  EXPECT_THAT(ErrorWith("fanout: 2", ""), HasSubstr("the fan-out 0"));
}

TEST(TreeFileTest, ExactlyOneTreeIsUnderstood) {
  EXPECT_THAT(Error("format: 1 members {name: 'a' address: 'a:1'}"), HasSubstr("it has 0 trees"));
  EXPECT_THAT(Error(absl::StrCat(kThree, "trees {fanout: 2}")), HasSubstr("it has 2 trees"));
}

TEST(ReadTreeFileTest, ErrorsNameTheFile) {
  const auto missing = ReadTreeFile("/does/not/exist");
  EXPECT_EQ(StatusErrno(missing.status()), ENOENT);
  EXPECT_THAT(std::string(missing.status().message()),
              HasSubstr("tree file: open '/does/not/exist'"));

  const std::string path = testing::TempDir() + "/bad_tree";
  std::ofstream(path) << "format: 1\nx";
  const auto malformed = ReadTreeFile(path);
  EXPECT_THAT(std::string(malformed.status().message()),
              HasSubstr(absl::StrCat("tree file '", path, "': line 2")));
}

TEST(ReadTreeFileTest, AGoodFileIsRead) {
  const std::string path = testing::TempDir() + "/good_tree";
  std::ofstream(path) << kThree;
  const auto tree_file = ReadTreeFile(path);
  ASSERT_TRUE(tree_file.ok()) << tree_file.status();
  EXPECT_EQ(tree_file->members(), Three());
}

}  // namespace
}  // namespace coppice
