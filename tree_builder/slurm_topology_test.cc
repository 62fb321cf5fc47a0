#include "tree_builder/slurm_topology.h"

#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kTwoLevels[] =
    "# as slurm.conf's neighbour\n"
    "SwitchName=s0 Nodes=n[0-1] # two\n"
    "switchname=s1 nodes=n[2-3] LinkSpeed=100\n"
    "SwitchName=s2 \\\n"
    "  Nodes=n[4-5]\n"
    "\n"
    "SwitchName=core Switches=s[0-2]\n";

std::vector<Member> Named(const std::vector<std::string>& names) {
  std::vector<Member> members;
  for (const std::string& name : names) members.push_back({name, {name + ":1"}});
  return members;
}

std::string Error(absl::string_view text) {
  const auto result = ParseSlurmTopology(text, Named({"n0"}));
  EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << result.status();
  return std::string(result.status().message());
}

TEST(SlurmTopologyTest, HostsHangOnSwitchesAndTheseOnOthers) {
  const auto result = ParseSlurmTopology(kTwoLevels, Named({"n5", "n0", "n2", "n1"}));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->layout.switches,
              ElementsAre(Switch{"s0", 4}, Switch{"s1", 4}, Switch{"s2", 4}, Switch{"core", 0}));
  EXPECT_THAT(result->layout.switch_plus_one, ElementsAre(3, 1, 2, 1));
  EXPECT_THAT(result->unlisted, IsEmpty());
}

TEST(SlurmTopologyTest, SwitchesWithoutMembersAreLeftOut) {
  const auto result = ParseSlurmTopology(kTwoLevels, Named({"n4", "n5"}));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->layout.switches, ElementsAre(Switch{"s2", 2}, Switch{"core", 0}));
  EXPECT_THAT(result->layout.switch_plus_one, ElementsAre(1, 1));
}

TEST(SlurmTopologyTest, ShortAndFullNamesMatch) {
  const auto full = ParseSlurmTopology("SwitchName=a Nodes=n0\n", Named({"n0.cluster"}));
  EXPECT_THAT(full->layout.switch_plus_one, ElementsAre(1));
  const auto shorter = ParseSlurmTopology("SwitchName=a Nodes=n0.cluster\n", Named({"n0"}));
  EXPECT_THAT(shorter->layout.switch_plus_one, ElementsAre(1));
}

TEST(SlurmTopologyTest, MembersThatAreNotListedAreNamed) {
  const auto result = ParseSlurmTopology("SwitchName=a Nodes=n[0-1]\n", Named({"n0", "x", "y"}));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->unlisted, ElementsAre("x", "y"));
  EXPECT_THAT(result->layout.switch_plus_one, ElementsAre(1, 0, 0));
}

TEST(SlurmTopologyTest, AFileOfOtherHostsIsAnError) {
  EXPECT_THAT(Error("SwitchName=a Nodes=m0\n"), HasSubstr("none of the hosts is on a switch"));
  EXPECT_THAT(Error(""), HasSubstr("none of the hosts"));
}

TEST(SlurmTopologyTest, ErrorsNameTheLine) {
  EXPECT_THAT(Error("\nNodes=n0"), HasSubstr("line 2: SwitchName= is missing"));
  EXPECT_THAT(Error("SwitchName=a Nodes=n[0-"), HasSubstr("line 1: Nodes: column 2: '[' is never"));
  EXPECT_THAT(Error("SwitchName=a[0-1] Nodes=n0"), HasSubstr("line 1: 'a[0-1]' is not one switch"));
  EXPECT_THAT(Error("SwitchName=a Block=b"), HasSubstr("line 1: 'Block=b' is not understood"));
  EXPECT_THAT(Error("include other"), HasSubstr("line 1: 'include' is not understood"));
  EXPECT_THAT(Error("SwitchName=a Nodes=n0\nSwitchName=a Nodes=n1"),
              HasSubstr("line 2: the switch 'a' comes twice"));
  EXPECT_THAT(Error("SwitchName=a Nodes=n0\nSwitchName=b Nodes=n0"),
              HasSubstr("line 2: the host 'n0' is on two switches"));
  EXPECT_THAT(Error("SwitchName=a Switches=b"), HasSubstr("line 1: there is no switch 'b'"));
  EXPECT_THAT(Error("SwitchName=a Nodes=n0\nSwitchName=b Switches=a\nSwitchName=c Switches=a"),
              HasSubstr("line 3: the switch 'a' is below two"));
}

TEST(SlurmTopologyTest, AnyTextIsReadOrRefused) {
  const std::vector<std::string> words = {"SwitchName=", "Nodes=", "Switches=", "a",  "b", "n0",
                                          "n[0-1]",      " ",      "\n",        "\\", "#", "="};
  for (uint32_t seed = 0; seed < 20'000; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    for (uint32_t i = 0, length = random() % 25; i < length; ++i) {
      text += words[random() % words.size()];
    }
    const auto result = ParseSlurmTopology(text, Named({"n0", "n1"}));
    if (result.ok()) {
      EXPECT_TRUE(CheckSwitchLayout(result->layout, 2).ok()) << text;
    } else {
      EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << text;
    }
  }
}

TEST(SlurmTopologyTest, ASwitchBelowItselfIsAnError) {
  EXPECT_THAT(Error("SwitchName=a Nodes=n0 Switches=a"), HasSubstr("below itself"));
  EXPECT_THAT(Error("SwitchName=a Nodes=n0 Switches=b\nSwitchName=b Switches=a"),
              HasSubstr("below itself"));
}

}  // namespace
}  // namespace coppice
