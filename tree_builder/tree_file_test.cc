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
    "# Who is in the job; who is whose parent follows from it. Made by tree_builder.\n"
    "format: 2\n"
    "fanout: 2\n"
    "tree_count: 1\n"
    "members { name: \"n1\" address: \"n1:7117\" }\n"
    "members { name: \"n2\" address: \"[::1]:7117\" }\n"
    "members { name: \"n3\" address: \"n3:7117\" address: \"10.0.0.3:1\" }\n";

std::vector<Member> Three() {
  return {{"n1", {"n1:7117"}}, {"n2", {"[::1]:7117"}}, {"n3", {"n3:7117", "10.0.0.3:1"}}};
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
    EXPECT_EQ(tree_file->trees().member_count(), count);
    EXPECT_EQ(tree_file->trees().fanout(), 3u);
    EXPECT_EQ(tree_file->trees().tree_count(), 1u);
  }
}

TEST(TreeFileTest, TreesAndSwitchesAreWrittenAndRead) {
  TreesOptions options = {.fanout = 3, .tree_count = 2};
  options.switches = {.switches = {{"edge \"1\"", 2}, {"core", 0}}, .switch_plus_one = {1, 0, 2}};
  const std::string text = *TreeFileText(Three(), options);
  EXPECT_THAT(text, HasSubstr("tree_count: 2\n"
                              "switches { name: \"edge \\\"1\\\"\" parent_plus_one: 2 }\n"
                              "switches { name: \"core\" }\n"
                              "members { name: \"n1\" address: \"n1:7117\" switch_plus_one: 1 }\n"
                              "members { name: \"n2\" address: \"[::1]:7117\" }\n"));
  const auto tree_file = TreeFile::Parse(text);
  ASSERT_TRUE(tree_file.ok()) << tree_file.status();
  EXPECT_EQ(tree_file->trees().switches(), options.switches);
  EXPECT_EQ(tree_file->trees().tree_count(), 2u);
  EXPECT_EQ(tree_file->trees().fanout(), 3u);
}

TEST(TreeFileTest, AFileOfAnotherWriterIsRead) {
  const auto tree_file = TreeFile::Parse(
      "tree_count: 0x2 fanout: 1, format: 2\n"
      "members: [{name: 'a' address: 'a:1'}, {address: ['b:1', 'b:2'] name: 'b'}]");
  ASSERT_TRUE(tree_file.ok()) << tree_file.status();
  EXPECT_THAT(tree_file->members(), ElementsAre(Member{"a", {"a:1"}}, Member{"b", {"b:1", "b:2"}}));
  EXPECT_EQ(tree_file->trees().Root(1), 1u);
}

TEST(TreeFileTest, AnEmptyTextIsAnError) {
  EXPECT_THAT(Error(""), HasSubstr("it is empty"));
  EXPECT_THAT(Error(" \n\t\n"), HasSubstr("it is empty"));
}

TEST(TreeFileTest, MalformedTextIsShownByLineAndColumn) {
  EXPECT_THAT(Error("format: 2\nmembers { nome: \"n1\" }\n"), HasSubstr("line 2, column 15: "));
  EXPECT_THAT(Error(absl::string_view(kThree, sizeof(kThree) - 4)), HasSubstr("line 7, column"));
}

TEST(TreeFileTest, AnotherFormatIsAnError) {
  EXPECT_THAT(ErrorWith("format: 2", "format: 1"), HasSubstr("format is 1; only 2 is understood"));
  EXPECT_THAT(ErrorWith("format: 2", ""), HasSubstr("format is 0;"));
}

TEST(TreeFileTest, MembersAreThereNamedAddressedAndUnique) {
  EXPECT_THAT(Error("format: 2 fanout: 2 tree_count: 1"), HasSubstr("it has no members"));
  EXPECT_THAT(ErrorWith("\"n3\"", "\"n1\""), HasSubstr("member 2 ('n1'): member 0 has this name"));
  EXPECT_THAT(ErrorWith("\"n3\"", "\"n 3\""), HasSubstr("member 2 ('n 3'): ' ' cannot be in"));
  EXPECT_THAT(ErrorWith("name: \"n3\"", ""), HasSubstr("member 2 (''): a host name is empty"));
  EXPECT_THAT(ErrorWith("address: \"n3:7117\" address: \"10.0.0.3:1\"", ""),
              HasSubstr("member 2 ('n3'): it has no address"));
  EXPECT_THAT(ErrorWith("n3:7117\"", "n3\""),
              HasSubstr("member 2 ('n3'): address 'n3' has no port"));
}

TEST(TreeFileTest, AddressesAreLimited) {
  std::string many;
  for (size_t i = 0; i < kAddressesMax; ++i) absl::StrAppend(&many, "address: 'n2:", i + 1, "' ");
  EXPECT_THAT(ErrorWith("name: \"n2\"", absl::StrCat("name: 'n2' ", many)),
              HasSubstr("member 1 ('n2'): it has more than 16 addresses"));
}

TEST(TreeFileTest, TheFiguresMakeTrees) {
  EXPECT_THAT(ErrorWith("fanout: 2", ""), HasSubstr("the fan-out 0 is not from 1"));
  EXPECT_THAT(ErrorWith("tree_count: 1", ""), HasSubstr("0 trees; from 1"));
  EXPECT_THAT(ErrorWith("tree_count: 1", "tree_count: 4"), HasSubstr("4 trees over 3 members"));
  EXPECT_THAT(ErrorWith("tree_count: 1", "tree_count: 1 switches {parent_plus_one: 1}"),
              HasSubstr("is below itself"));
}

TEST(ReadTreeFileTest, ErrorsNameTheFile) {
  const auto missing = ReadTreeFile("/does/not/exist");
  EXPECT_EQ(StatusErrno(missing.status()), ENOENT);
  EXPECT_THAT(std::string(missing.status().message()),
              HasSubstr("tree file: open '/does/not/exist'"));

  const std::string path = testing::TempDir() + "/bad_tree";
  std::ofstream(path) << "format: 2\nx";
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
