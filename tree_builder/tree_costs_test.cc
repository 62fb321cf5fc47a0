#include "tree_builder/tree_costs.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tree_builder/topology.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

constexpr TreeCosts kRound = {.hop_us = 100, .child_us = 10, .bandwidth_mb_per_s = 1000};
constexpr double kNothing = 1e-12;

TEST(TreeCostsTest, ASmallObjectIsStoredAndForwardedAtEachLevel) {
  EXPECT_NEAR(SmallObjectSeconds(kRound, {.height = 3, .fanout = 4}), 3 * 140e-6, kNothing);
  EXPECT_EQ(SmallObjectSeconds(kRound, {.height = 0, .fanout = 4}), 0);
}

TEST(TreeCostsTest, ALargeObjectIsBoundByTheBusiestLink) {
  const double first = 2 * (100e-6 + 4 * kCutThroughBytes / 1e9);
  EXPECT_NEAR(
      LargeObjectSeconds(kRound,
                         {.height = 2, .fanout = 4, .tree_count = 1, .interior_trees_max = 1}, 1e9),
      4 + first, kNothing);
  // Four trees whose interiors do not meet: everything leaves each node once.
  EXPECT_NEAR(
      LargeObjectSeconds(kRound,
                         {.height = 2, .fanout = 4, .tree_count = 4, .interior_trees_max = 1}, 1e9),
      1 + first, kNothing);
  // Nobody receives faster than its link.
  EXPECT_NEAR(
      LargeObjectSeconds(kRound,
                         {.height = 2, .fanout = 4, .tree_count = 8, .interior_trees_max = 1}, 1e9),
      1 + first, kNothing);
}

TEST(TreeCostsTest, AnObjectBelowABlockIsSentWhole) {
  EXPECT_NEAR(
      LargeObjectSeconds(kRound,
                         {.height = 1, .fanout = 1, .tree_count = 1, .interior_trees_max = 1}, 1e3),
      1e-6 + 100e-6 + 1e-6, kNothing);
}

TEST(TreeCostsTest, FiguresAreThoseOfRotatedTrees) {
  const TreeFigures figures = RotatedTreeFigures(10'624, 4, 4);
  EXPECT_EQ(figures.height, 7u);
  EXPECT_EQ(figures.interior_trees_max, 1u);
  EXPECT_EQ(RotatedTreeFigures(16, 2, 4).interior_trees_max, 2u);
  EXPECT_EQ(RotatedTreeFigures(1, 4, 1).interior_trees_max, 0u);
}

TEST(TreeCostsTest, TheBestFanoutIsBetterThanEveryOther) {
  for (const uint32_t members : {1u, 2u, 16u, 128u, 10'624u}) {
    for (const uint32_t trees : {1u, 4u}) {
      if (trees > members) continue;
      const TreeWorkload workload;
      const uint32_t best = BestFanout({}, members, trees, workload);
      const double seconds =
          WorkloadSeconds({}, RotatedTreeFigures(members, best, trees), workload);
      for (uint32_t fanout = 1; fanout <= 64; ++fanout) {
        const TreeFigures figures = RotatedTreeFigures(members, fanout, trees);
        if (figures.height <= kDepthMax) {
          EXPECT_LE(seconds, WorkloadSeconds({}, figures, workload)) << members << " " << fanout;
        }
      }
    }
  }
}

TEST(TreeCostsTest, WhatCostsMoreIsAvoided) {
  const TreeWorkload small = {.small_requests = 1000, .large_bytes = 0};
  const TreeWorkload large = {.small_requests = 0, .large_bytes = 1e10};
  // Bytes alone make a chain, as far as a request may travel; latency alone a flat tree.
  EXPECT_EQ(BestFanout({}, kDepthMax + 1, 1, large), 1u);
  EXPECT_GE(BestFanout({.hop_us = 1e6, .child_us = 1}, 1000, 1, small), 999u);
  EXPECT_LE(BestFanout({.hop_us = 1, .child_us = 1e6}, 1000, 1, small), 3u);
  // More trees share the bytes, so each may be flatter.
  EXPECT_GE(BestFanout({}, 1000, 8, large), BestFanout({}, 1000, 1, large));
}

TEST(TreeCostsTest, AChainTooLongIsNotChosen) {
  const TreeWorkload large = {.small_requests = 0, .large_bytes = 1e12};
  EXPECT_EQ(BestFanout({}, 100'000, 1, large), 2u);
}

TEST(TreeCostsTest, WhatIsPrintedIsRead) {
  const TreeCosts costs = {.hop_us = 12.5, .child_us = 3, .bandwidth_mb_per_s = 12000};
  EXPECT_EQ(*ParseTreeCosts(TreeCostsText(costs)), costs);
  EXPECT_EQ(*ParseTreeCosts(""), TreeCosts());
  EXPECT_EQ(ParseTreeCosts("# none\n hop_us\t7 # fast\r\n")->hop_us, 7);
}

TEST(TreeCostsTest, AnErrorNamesTheLine) {
  const auto error = [](absl::string_view text) {
    return std::string(ParseTreeCosts(text).status().message());
  };
  EXPECT_THAT(error("hop_us 1\nhops 2"), HasSubstr("line 2: no constant is called 'hops'"));
  EXPECT_THAT(error("hop_us 1\nhop_us 2"), HasSubstr("line 2: hop_us comes twice"));
  for (const char* value : {"", "x", "0", "-1", "nan", "inf", "1 2"}) {
    EXPECT_THAT(error(absl::StrCat("hop_us ", value)), HasSubstr("one number above zero")) << value;
  }
}

}  // namespace
}  // namespace coppice
