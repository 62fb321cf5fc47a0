#include "tree_builder/tree_place.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TreeFile TreeOf(const std::vector<std::string>& names, uint32_t fanout = 2) {
  std::vector<Member> members;
  for (const std::string& name : names) members.push_back({name, {absl::StrCat(name, ":7117")}});
  return TreeFile::Parse(*TreeFileText(members, fanout)).value();
}

std::string Error(const TreeFile& tree_file, absl::string_view node_name) {
  const auto place = FindPlace(tree_file, node_name);
  EXPECT_TRUE(absl::IsNotFound(place.status())) << place.status();
  return std::string(place.status().message());
}

TEST(TreePlaceTest, AnInnerMemberHasAncestorsUpToTheRootAndChildren) {
  const auto place = FindPlace(TreeOf({"a", "b", "c", "d", "e", "f", "g", "h", "i"}), "d");
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(place->index, 3u);
  EXPECT_EQ(place->self, (Member{"d", {"d:7117"}}));
  EXPECT_EQ(place->depth, 2u);
  EXPECT_THAT(place->ancestors, ElementsAre(Neighbour{"b", "b:7117"}, Neighbour{"a", "a:7117"}));
  EXPECT_THAT(place->children, ElementsAre(Neighbour{"h", "h:7117"}, Neighbour{"i", "i:7117"}));
  EXPECT_EQ(place->tree_size, 9u);
  EXPECT_EQ(place->fanout, 2u);
}

TEST(TreePlaceTest, TheRootHasNobodyAboveAndALeafNobodyBelow) {
  const TreeFile tree_file = TreeOf({"a", "b"}, 8);
  EXPECT_THAT(FindPlace(tree_file, "a")->ancestors, IsEmpty());
  EXPECT_EQ(FindPlace(tree_file, "a")->depth, 0u);
  EXPECT_THAT(FindPlace(tree_file, "b")->children, IsEmpty());
}

TEST(TreePlaceTest, EachTreeHasItsPlaceAndTakesTheAddressesInTurn) {
  std::vector<Member> members;
  for (const char* name : {"a", "b", "c", "d"}) {
    members.push_back({name, {absl::StrCat(name, ":1"), absl::StrCat(name, ":2")}});
  }
  const TreeFile tree_file =
      *TreeFile::Parse(*TreeFileText(members, {.fanout = 3, .tree_count = 3}));
  const auto places = FindPlaces(tree_file, "b");
  ASSERT_TRUE(places.ok()) << places.status();
  ASSERT_EQ(places->size(), 3u);
  EXPECT_THAT((*places)[0].ancestors, ElementsAre(Neighbour{"a", "a:1"}));
  EXPECT_THAT((*places)[0].children, IsEmpty());
  EXPECT_THAT((*places)[1].ancestors, IsEmpty());
  EXPECT_THAT((*places)[1].children,
              ElementsAre(Neighbour{"c", "c:2"}, Neighbour{"d", "d:2"}, Neighbour{"a", "a:2"}));
  EXPECT_THAT((*places)[2].ancestors, ElementsAre(Neighbour{"c", "c:1"}));
  EXPECT_EQ((*places)[2].tree, 2u);
  EXPECT_EQ(FindPlace(tree_file, "b", 1)->depth, 0u);
  EXPECT_FALSE(FindPlaces(tree_file, "x").ok());
}

TEST(TreePlaceTest, ShortAndFullNamesMatch) {
  EXPECT_EQ(FindPlace(TreeOf({"n1", "n2"}), "n2.cluster.org")->self.name, "n2");
  EXPECT_EQ(FindPlace(TreeOf({"n1.cluster.org", "n2.cluster.org"}), "n2")->self.name,
            "n2.cluster.org");
}

TEST(TreePlaceTest, TheSameNameWinsOverOneWithADomain) {
  EXPECT_EQ(FindPlace(TreeOf({"n1.a", "n1"}), "n1")->index, 1u);
  EXPECT_EQ(FindPlace(TreeOf({"n1", "n1.a"}), "n1.a")->index, 1u);
}

TEST(TreePlaceTest, DifferentDomainsAndPrefixesDoNotMatch) {
  EXPECT_THAT(Error(TreeOf({"n1.a"}), "n1.b"), HasSubstr("is none of the 1 members"));
  EXPECT_THAT(Error(TreeOf({"n1"}), "n11"), HasSubstr("is none of"));
  EXPECT_THAT(Error(TreeOf({"n11"}), "n1"), HasSubstr("is none of"));
  EXPECT_THAT(Error(TreeOf({"n1.a"}), "n1.a.org"), HasSubstr("is none of"));
}

TEST(TreePlaceTest, AnAmbiguousNameNamesTheCandidates) {
  EXPECT_THAT(Error(TreeOf({"n1.a", "n2", "n1.b"}), "n1"),
              EndsWith("node 'n1' could be each of 'n1.a', 'n1.b'; give its full name"));
  EXPECT_THAT(Error(TreeOf({"n1.a", "n1.b", "n1.c", "n1.d"}), "n1"),
              HasSubstr("'n1.a', 'n1.b', 'n1.c', ...;"));
}

TEST(TreePlaceTest, AnUnknownNameNamesTheNearest) {
  EXPECT_EQ(Error(TreeOf({"login", "nid0100", "nid0011", "nid0010", "gpu7"}), "nid001"),
            "node 'nid001' is none of the 5 members of the tree; nearest: 'nid0011', 'nid0010', "
            "'nid0100'");
  EXPECT_THAT(Error(TreeOf({"a"}), ""), EndsWith("nearest: 'a'"));
  EXPECT_THAT(Error(TreeOf({"a"}), std::string(1000, 'x')), EndsWith("nearest: 'a'"));
}

}  // namespace
}  // namespace coppice
