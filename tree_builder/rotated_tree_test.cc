#include "tree_builder/rotated_tree.h"

#include <algorithm>
#include <random>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tree_builder/topology.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The steps that no tree over so many members can be below.
uint32_t FlattestHeight(uint64_t count, uint64_t fanout) {
  uint32_t height = 0;
  for (uint64_t reached = 1, width = 1; reached < count; ++height) {
    width *= fanout;
    reached += width;
  }
  return height;
}

TEST(RotatedTreeTest, OneMemberIsTheRoot) {
  const RotatedTree tree(1, 4, 0);
  EXPECT_EQ(tree.Root(), 0u);
  EXPECT_EQ(tree.Height(), 0u);
  EXPECT_FALSE(tree.Parent(0).has_value());
  EXPECT_THAT(tree.Children(0), IsEmpty());
  EXPECT_FALSE(tree.IsInterior(0));
}

TEST(RotatedTreeTest, TheFirstTreeIsInBreadthFirstOrder) {
  const RotatedTree tree(12, 3, 0);
  EXPECT_THAT(tree.Children(0), ElementsAre(1, 2, 3));
  EXPECT_THAT(tree.Children(3), ElementsAre(10, 11));
  EXPECT_EQ(tree.Parent(11), 3u);
  EXPECT_EQ(tree.Depth(11), 2u);
}

TEST(RotatedTreeTest, TheNextTreeStartsBehindTheInterior) {
  const RotatedTree tree(12, 3, 1);
  EXPECT_EQ(tree.Root(), 4u);
  EXPECT_THAT(tree.Children(4), ElementsAre(5, 6, 7));
  EXPECT_THAT(tree.Children(7), ElementsAre(2, 3));
  EXPECT_THAT(tree.Children(0), IsEmpty());
}

// What every process must agree on, for ever: another answer would be another format.
TEST(RotatedTreeTest, TheTreesAreTheseInEveryProcess) {
  EXPECT_EQ(RotatedTree(100'000, 7, 3).Root(), 42'858u);
  EXPECT_EQ(RotatedTree(100'000, 7, 3).Parent(12'345), 52'784u);
  EXPECT_EQ(RotatedTree(4, 2, 2).Root(), 1u);
}

// Everything that the trees of a job promise, member by member.
void ExpectPromises(uint32_t count, uint32_t fanout, uint32_t trees) {
  std::vector<uint32_t> interior(count);
  std::set<uint32_t> roots;
  for (uint32_t t = 0; t < trees; ++t) {
    const RotatedTree tree(count, fanout, t);
    std::vector<uint32_t> parents(count);
    for (uint32_t i = 0; i < count; ++i) {
      const auto parent = tree.Parent(i);
      parents[i] = parent.has_value() ? *parent + 1 : 0;
    }
    // One root, everybody reaches it, nobody has too many children.
    const auto topology = Topology::FromParents(parents, fanout);
    ASSERT_TRUE(topology.ok()) << t << ": " << topology.status();
    ASSERT_EQ(topology->root(), tree.Root());
    roots.insert(tree.Root());
    uint32_t deepest = 0;
    for (uint32_t i = 0; i < count; ++i) {
      std::vector<uint32_t> children = tree.Children(i);
      ASSERT_EQ(tree.IsInterior(i), !children.empty()) << i;
      interior[i] += children.empty() ? 0 : 1;
      std::sort(children.begin(), children.end());
      const auto expected = topology->Children(i);
      ASSERT_TRUE(std::equal(children.begin(), children.end(), expected.begin(), expected.end()));
      ASSERT_EQ(tree.Depth(i), topology->Depth(i)) << i;
      deepest = std::max(deepest, tree.Depth(i));
    }
    ASSERT_EQ(deepest, FlattestHeight(count, fanout));
    ASSERT_EQ(deepest, tree.Height());
  }
  ASSERT_EQ(roots.size(), trees);
  const auto [least, most] = std::minmax_element(interior.begin(), interior.end());
  ASSERT_LE(*most - *least, 1u);
  const uint64_t all = uint64_t{trees} * RotatedTree::InteriorCount(count, fanout);
  if (all <= count) {
    ASSERT_LE(*most, 1u);
  }
}

TEST(RotatedTreeTest, EveryTreeSpansAllIsFlatAndInteriorsAreShared) {
  for (uint32_t count = 1; count <= 40; ++count) {
    for (uint32_t fanout = 1; fanout <= 9; ++fanout) {
      if (FlattestHeight(count, fanout) > kDepthMax) continue;
      for (uint32_t trees = 1; trees <= count; ++trees) {
        SCOPED_TRACE(testing::Message()
                     << count << " members, fan-out " << fanout << ", trees " << trees);
        ASSERT_NO_FATAL_FAILURE(ExpectPromises(count, fanout, trees));
      }
    }
  }
}

TEST(RotatedTreeTest, LargeJobsKeepThePromisesToo) {
  std::mt19937 random(7);
  std::vector<std::vector<uint32_t>> jobs = {{10'624, 4, 4},  {10'624, 2, 8},      {9'856, 16, 16},
                                             {100'000, 4, 4}, {100'000, 1'024, 3}, {1'025, 32, 64}};
  for (int i = 0; i < 30; ++i) {
    jobs.push_back({static_cast<uint32_t>(1'000 + random() % 3'000),
                    static_cast<uint32_t>(2 + random() % 30),
                    static_cast<uint32_t>(1 + random() % 16)});
  }
  for (const auto& job : jobs) {
    SCOPED_TRACE(testing::Message()
                 << job[0] << " members, fan-out " << job[1] << ", trees " << job[2]);
    ASSERT_NO_FATAL_FAILURE(ExpectPromises(job[0], job[1], job[2]));
  }
}

}  // namespace
}  // namespace coppice
