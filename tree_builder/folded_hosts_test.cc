#include "tree_builder/folded_hosts.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tree_builder/host_expression.h"

namespace coppice {
namespace {

std::string Folded(const std::vector<std::string>& names) { return FoldedHosts(names).Text(); }

TEST(FoldedHostsTest, NumbersOfOneNameAreBracketsAndNeighboursARange) {
  EXPECT_EQ(Folded({"node031", "node007"}), "node[007,031]");
  EXPECT_EQ(Folded({"n3", "n1", "n2", "n7"}), "n[1-3,7]");
  EXPECT_EQ(Folded({"n1"}), "n1");
  EXPECT_EQ(Folded({"n1", "n1"}), "n1");
  EXPECT_EQ(Folded({}), "");
  EXPECT_EQ(Folded({"b", "a"}), "a,b");
}

TEST(FoldedHostsTest, PaddedNumbersStayPadded) {
  EXPECT_EQ(Folded({"n08", "n09", "n10"}), "n[08-10]");
  EXPECT_EQ(Folded({"n098", "n099", "n100"}), "n[098-100]");
  EXPECT_EQ(Folded({"n9", "n10", "n99", "n100"}), "n[9-10,99-100]");
  EXPECT_EQ(Folded({"n1", "n01", "n001"}), "n[1,01,001]");
  EXPECT_EQ(Folded({"n99", "n099", "n100"}), "n[99,099-100]");
}

TEST(FoldedHostsTest, EachNumberOfANameIsFolded) {
  EXPECT_EQ(Folded({"r1n1", "r1n2", "r2n1", "r2n2"}), "r[1-2]n[1-2]");
  EXPECT_EQ(Folded({"r1n1", "r1n2", "r2n1"}), "r1n[1-2],r2n1");
  EXPECT_EQ(Folded({"n1-ib0", "n2-ib0"}), "n[1-2]-ib0");
}

TEST(FoldedHostsTest, ANumberThatNoRangeCanHaveIsText) {
  EXPECT_EQ(Folded({"n1234567890123456789x1", "n1234567890123456789x2"}),
            "n1234567890123456789x[1-2]");
}

TEST(FoldedHostsTest, ALongTextIsCutBehindAnOperandAndCounted) {
  FoldedHosts hosts({"a1", "b1", "c1", "d1"});
  EXPECT_EQ(hosts.ShortText(11), "a1,b1,c1,d1");
  EXPECT_EQ(hosts.ShortText(10), "a1,b1,c1,... (4 hosts)");
  EXPECT_EQ(hosts.size(), 4u);
}

// Names with several numbers of every padding, close together so that there is something to fold.
std::string RandomName(std::mt19937& random) {
  const auto pick = [&random](uint32_t count) { return random() % count; };
  std::string name(1, static_cast<char>('a' + pick(2)));
  for (uint32_t i = 0, numbers = pick(4); i < numbers; ++i) {
    const std::string value = absl::StrCat(pick(2) == 0 ? pick(12) : 95 + pick(10));
    name += std::string(pick(3), '0') + value;
    if (pick(4) > 0) name += pick(2) == 0 ? "-" : ".x";
  }
  return name;
}

TEST(FoldedHostsTest, WhatIsFoldedExpandsToTheSameSet) {
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> names;
    for (uint32_t i = 0, count = random() % 60; i <= count; ++i) {
      names.push_back(RandomName(random));
    }
    const std::string text = Folded(names);
    auto expanded = ExpandHosts(text);
    ASSERT_TRUE(expanded.ok()) << "seed " << seed << ": " << text << ": " << expanded.status();
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::sort(expanded->begin(), expanded->end());
    ASSERT_EQ(*expanded, names) << "seed " << seed << ": " << text;
  }
}

}  // namespace
}  // namespace coppice
