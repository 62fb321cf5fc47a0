#include "tree_builder/trees_report.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tree_builder/member.h"

namespace coppice {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(TreesReportTest, FourTreesOverSixteenShareTheInterior) {
  const TreesReport report = ReportOn(*Trees::Make(16, {.fanout = 4, .tree_count = 4}));
  EXPECT_THAT(report.heights, ElementsAre(2, 2, 2, 2));
  EXPECT_THAT(report.members_by_interior_trees, ElementsAre(0, 16));
  EXPECT_EQ(report.copies_max, 1);
  EXPECT_EQ(report.copies_mean, 15.0 / 16);
  EXPECT_EQ(report.figures.interior_trees_max, 1u);
  EXPECT_THAT(report.switch_levels, IsEmpty());
}

TEST(TreesReportTest, OneTreeLoadsItsInterior) {
  const TreesReport report = ReportOn(*Trees::Make(16, {.fanout = 4, .tree_count = 1}));
  EXPECT_THAT(report.members_by_interior_trees, ElementsAre(12, 4));
  EXPECT_EQ(report.copies_max, 4);
}

TEST(TreesReportTest, OneMemberHasNobodyToSendTo) {
  const TreesReport report = ReportOn(*Trees::Make(1, {}));
  EXPECT_THAT(report.members_by_interior_trees, ElementsAre(1));
  EXPECT_EQ(report.copies_max, 0);
}

TEST(TreesReportTest, EdgesBetweenSwitchesAreTheFewestAtEachLevel) {
  TreesOptions options = {.fanout = 3, .tree_count = 3};
  // Four leaves in two pairs, four members each; and one member on no switch.
  options.switches.switches = {{"a", 5}, {"b", 5}, {"c", 6}, {"d", 6}, {"ab", 0}, {"cd", 0}};
  for (uint32_t i = 0; i < 16; ++i) options.switches.switch_plus_one.push_back(i % 4 + 1);
  options.switches.switch_plus_one.push_back(0);
  const TreesReport report = ReportOn(*Trees::Make(17, options));
  ASSERT_EQ(report.switch_levels.size(), 2u);
  EXPECT_EQ(report.switch_levels[0].fewest, 4u);
  EXPECT_THAT(report.switch_levels[0].edges, Each(4u));
  EXPECT_EQ(report.switch_levels[1].fewest, 2u);
  EXPECT_THAT(report.switch_levels[1].edges, Each(2u));
}

TEST(TreesReportTest, TheExplanationSaysAllOfIt) {
  std::vector<Member> members;
  for (int i = 0; i < 16; ++i)
    members.push_back({absl::StrCat("n", i), {absl::StrCat("n", i, ":1")}});
  const auto tree_file = TreeFile::Make(members, {.fanout = 4, .tree_count = 4});
  EXPECT_EQ(ExplainTrees(*tree_file, {.hop_us = 100, .child_us = 10, .bandwidth_mb_per_s = 1000},
                         {.small_requests = 100, .large_bytes = 1e9}),
            "hosts:          16\n"
            "trees:          4; roots n0, n4, n8, n12\n"
            "fan-out:        4\n"
            "depth:          2 hops to the farthest root\n"
            "interior:       a host in at most 1 trees; 0 hosts in 0, 16 hosts in 1\n"
            "sent:           each byte leaves the busiest host 1 times, a host on average 0.938 "
            "times\n"
            "switches:       not known (--topology)\n"
            "predicted:      with hop_us 100, child_us 10, bandwidth_mb_per_s 1000 (--costs)\n"
            "small object:   280 us until the last host has it\n"
            "large object:   1.01 s for 1000 MB\n"
            "workload:       1.04 s for 100 small requests in turn and the large object\n");
}

TEST(TreesReportTest, SwitchesAreExplainedByLevel) {
  TreesOptions options = {.fanout = 2, .tree_count = 1};
  options.switches = {.switches = {{"a", 0}, {"b", 0}}, .switch_plus_one = {1, 2, 1, 2}};
  const auto tree_file =
      TreeFile::Make({{"a", {"a:1"}}, {"b", {"b:1"}}, {"c", {"c:1"}}, {"d", {"d:1"}}}, options);
  EXPECT_THAT(ExplainTrees(*tree_file, {}, {}),
              HasSubstr("1 edges of a tree between switches of level 0; fewer than 1 cannot be\n"
                        "                --fanout=auto and the times below know nothing of"));
}

}  // namespace
}  // namespace coppice
