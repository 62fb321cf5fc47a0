#include "tree_builder/switch_trees.h"

#include <algorithm>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

// Whether the member is below the switch, at any level.
bool IsBelow(const SwitchLayout& layout, uint32_t member, uint32_t wanted) {
  for (uint32_t at = layout.switch_plus_one[member]; at != 0;
       at = layout.switches[at - 1].parent_plus_one) {
    if (at - 1 == wanted) return true;
  }
  return false;
}

// Into each switch that has members leads one edge, or none when it holds the root.
void ExpectOneWayIn(const SwitchLayout& layout, const Topology& tree) {
  for (uint32_t one = 0; one < layout.switches.size(); ++one) {
    uint32_t ways_in = 0;
    bool has_members = false;
    for (uint32_t i = 0; i < tree.size(); ++i) {
      if (!IsBelow(layout, i, one)) continue;
      has_members = true;
      const auto parent = tree.Parent(i);
      if (!parent.has_value() || !IsBelow(layout, *parent, one)) ++ways_in;
    }
    ASSERT_EQ(ways_in, has_members ? 1u : 0u) << layout.switches[one].name;
  }
}

uint32_t HeightOf(const Topology& tree) {
  uint32_t height = 0;
  for (uint32_t i = 0; i < tree.size(); ++i) height = std::max(height, tree.Depth(i));
  return height;
}

// `leaves` switches with `size` members each, and above each `spines` of them another switch.
SwitchLayout FatTree(uint32_t leaves, uint32_t size, uint32_t leaves_per_spine) {
  SwitchLayout layout;
  const uint32_t spines = (leaves + leaves_per_spine - 1) / leaves_per_spine;
  for (uint32_t i = 0; i < leaves; ++i) {
    layout.switches.push_back({absl::StrCat("leaf", i), leaves + i / leaves_per_spine + 1});
  }
  for (uint32_t i = 0; i < spines; ++i) {
    layout.switches.push_back({absl::StrCat("spine", i), leaves + spines + 1});
  }
  layout.switches.push_back({"core", 0});
  for (uint32_t i = 0; i < leaves * size; ++i) layout.switch_plus_one.push_back(i / size + 1);
  return layout;
}

TEST(SwitchTreesTest, MembersOfASwitchAreConnectedAtEveryLevel) {
  const SwitchLayout layout = FatTree(12, 8, 3);
  for (const uint32_t fanout : {2u, 3u, 4u, 7u, 16u, 1024u}) {
    const auto trees = BuildSwitchTrees(fanout, 5, layout);
    ASSERT_TRUE(trees.ok()) << trees.status();
    for (const Topology& tree : *trees) ASSERT_NO_FATAL_FAILURE(ExpectOneWayIn(layout, tree));
  }
}

TEST(SwitchTreesTest, RandomLayoutsAreConnectedAndRootsDiffer) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    SwitchLayout layout;
    const uint32_t switches = 1 + random() % 12;
    // Above a switch is none or one that comes later; some members are on inner switches or on
    // none.
    for (uint32_t i = 0; i < switches; ++i) {
      const uint32_t above = i + 1 + random() % (switches - i);
      layout.switches.push_back({absl::StrCat("s", i), above < switches ? above + 1 : 0});
    }
    const uint32_t members = 1 + random() % 60;
    for (uint32_t i = 0; i < members; ++i) {
      layout.switch_plus_one.push_back(random() % (switches + 1));
    }
    const uint32_t fanout = 1 + random() % 6;
    const uint32_t count = std::min(members, 1 + static_cast<uint32_t>(random() % 6));
    const auto trees = BuildSwitchTrees(fanout, count, layout);
    if (fanout == 1 && !trees.ok()) continue;
    ASSERT_TRUE(trees.ok()) << trees.status();
    std::set<uint32_t> roots;
    for (const Topology& tree : *trees) {
      ASSERT_NO_FATAL_FAILURE(ExpectOneWayIn(layout, tree));
      roots.insert(tree.root());
    }
    ASSERT_EQ(roots.size(), count);
  }
}

TEST(SwitchTreesTest, AFanoutOfOneIsAChainThroughOneSwitchAfterAnother) {
  const auto trees = BuildSwitchTrees(1, 1, FatTree(4, 4, 2));
  ASSERT_TRUE(trees.ok()) << trees.status();
  EXPECT_EQ(HeightOf(trees->front()), 15u);
  ASSERT_NO_FATAL_FAILURE(ExpectOneWayIn(FatTree(4, 4, 2), trees->front()));
  EXPECT_TRUE(absl::IsInvalidArgument(BuildSwitchTrees(1, 1, FatTree(4, 17, 2)).status()));
}

TEST(SwitchTreesTest, TreesAreNearlyAsFlatAsCompleteOnes) {
  // A complete tree of fan-out 4 has 7 steps over 10,624 members, of 8 members 5.
  EXPECT_LE(HeightOf(BuildSwitchTrees(4, 1, FatTree(664, 16, 32))->front()), 9u);
  EXPECT_LE(HeightOf(BuildSwitchTrees(8, 1, FatTree(664, 16, 32))->front()), 6u);
}

TEST(SwitchTreesTest, InteriorsMoveOnFromTreeToTree) {
  const SwitchLayout layout = FatTree(16, 16, 4);
  const auto trees = BuildSwitchTrees(4, 4, layout);
  ASSERT_TRUE(trees.ok()) << trees.status();
  std::vector<uint32_t> interior(256);
  for (const Topology& tree : *trees) {
    for (uint32_t i = 0; i < 256; ++i) interior[i] += tree.Children(i).empty() ? 0 : 1;
  }
  EXPECT_LE(*std::max_element(interior.begin(), interior.end()), 2u);
  EXPECT_GE(std::count(interior.begin(), interior.end(), 1u), 200);
}

TEST(SwitchTreesTest, RootsAreBelowDifferentSwitches) {
  const auto trees = BuildSwitchTrees(4, 4, FatTree(16, 16, 4));
  ASSERT_TRUE(trees.ok()) << trees.status();
  std::set<uint32_t> spines;
  for (const Topology& tree : *trees) spines.insert(tree.root() / 64);
  EXPECT_EQ(spines.size(), 4u);
}

TEST(SwitchTreesTest, TheFirstMemberIsTheRootOfTheFirstTree) {
  EXPECT_EQ(BuildSwitchTrees(4, 1, FatTree(4, 4, 2))->front().root(), 0u);
}

}  // namespace
}  // namespace coppice
