#include "tree_builder/trees.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tree_builder/topology.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Error(uint32_t member_count, TreesOptions options) {
  const auto trees = Trees::Make(member_count, std::move(options));
  EXPECT_TRUE(absl::IsInvalidArgument(trees.status())) << trees.status();
  return std::string(trees.status().message());
}

TEST(TreesTest, WithoutSwitchesTheyAreRotated) {
  const Trees trees = *Trees::Make(12, {.fanout = 3, .tree_count = 2});
  EXPECT_EQ(trees.Root(0), 0u);
  EXPECT_EQ(trees.Root(1), 4u);
  EXPECT_THAT(trees.Children(1, 4), ElementsAre(5, 6, 7));
  EXPECT_THAT(trees.Ancestors(1, 2), ElementsAre(7, 4));
  EXPECT_THAT(trees.Ancestors(1, 4), IsEmpty());
  EXPECT_EQ(trees.Depth(1, 2), 2u);
  EXPECT_EQ(trees.Parent(1, 2), 7u);
  EXPECT_TRUE(trees.IsInterior(0, 0));
  EXPECT_FALSE(trees.IsInterior(1, 0));
}

TEST(TreesTest, WithSwitchesEachIsEnteredOnce) {
  SwitchLayout layout = {.switches = {{"a", 0}, {"b", 0}}, .switch_plus_one = {1, 2, 1, 2, 1, 2}};
  const Trees trees = *Trees::Make(6, {.fanout = 2, .tree_count = 2, .switches = layout});
  for (uint32_t tree = 0; tree < 2; ++tree) {
    uint32_t crossings = 0;
    for (uint32_t i = 0; i < 6; ++i) {
      const auto parent = trees.Parent(tree, i);
      if (parent.has_value() && *parent % 2 != i % 2) ++crossings;
      EXPECT_EQ(trees.IsInterior(tree, i), !trees.Children(tree, i).empty());
      EXPECT_EQ(trees.Ancestors(tree, i).size(), trees.Depth(tree, i));
    }
    EXPECT_EQ(crossings, 1u);
  }
  EXPECT_NE(trees.Root(0), trees.Root(1));
}

TEST(TreesTest, OptionsAreLimited) {
  EXPECT_THAT(Error(0, {}), HasSubstr("without members"));
  EXPECT_THAT(Error(1'000'001, {}), HasSubstr("more than 1000000 members"));
  EXPECT_THAT(Error(4, {.fanout = 0}), HasSubstr("the fan-out 0 is not from 1 to 1024"));
  EXPECT_THAT(Error(4, {.fanout = 1025}), HasSubstr("the fan-out 1025"));
  EXPECT_THAT(Error(4, {.tree_count = 0}), HasSubstr("0 trees; from 1 to 64"));
  EXPECT_THAT(Error(99, {.tree_count = 65}), HasSubstr("65 trees; from 1 to 64"));
  EXPECT_THAT(Error(4, {.tree_count = 5}), HasSubstr("each tree needs a root of its own"));
  EXPECT_THAT(Error(2, {.switches = {{{"a", 0}}, {1}}}), HasSubstr("instead of 2"));
}

TEST(TreesTest, DepthIsLimited) {
  EXPECT_EQ(Trees::Make(kDepthMax + 1, {.fanout = 1})->Depth(0, kDepthMax), kDepthMax);
  EXPECT_THAT(Error(kDepthMax + 2, {.fanout = 1}), HasSubstr("deeper than 63 steps"));
  EXPECT_EQ(Trees::Make(1'000'000, {.fanout = 2})->Depth(0, 999'999), 19u);
}

}  // namespace
}  // namespace coppice
