#include "deploy/launcher/cluster_trees.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using testing::HasSubstr;

// n0, n1, ... of two switches, in turn: the worst for whoever knows nothing of them.
std::vector<Member> Members(uint32_t count) {
  std::vector<Member> members;
  for (uint32_t i = 0; i < count; ++i) {
    members.push_back({absl::StrCat("n", i), {absl::StrCat("n", i, ":7117")}});
  }
  return members;
}

std::string WriteTopology(const std::string& text) {
  const std::string path = testing::TempDir() + "/topology.conf";
  std::ofstream(path) << text;
  return path;
}

constexpr char kTwoSwitches[] =
    "SwitchName=left Nodes=n[0-14/2]\nSwitchName=right Nodes=n[1-15/2]\n"
    "SwitchName=top Switches=left,right\n";

// Of the members' names, the last digit says the switch.
uint32_t EdgesBetweenSwitches(const TreeFile& file, uint32_t tree) {
  const auto is_right = [&](uint32_t member) {
    return (file.members()[member].name.back() - '0') % 2 == 1;
  };
  uint32_t edges = 0;
  for (uint32_t i = 0; i < file.trees().member_count(); ++i) {
    const auto parent = file.trees().Parent(tree, i);
    if (parent.has_value() && is_right(i) != is_right(*parent)) ++edges;
  }
  return edges;
}

TEST(ClusterTreesTest, EachTreeEntersEachSwitchOnce) {
  const std::vector<Member> members = Members(16);
  const auto switches = ReadClusterSwitches(WriteTopology(kTwoSwitches), members);
  ASSERT_TRUE(switches.ok()) << switches.status();
  EXPECT_EQ(switches->warning, "");
  const auto file = MakeClusterTrees(
      members, {.fanout = 3, .trees_max = 2, .members = members, .switches = switches->layout});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->trees().tree_count(), 2u);
  EXPECT_EQ(EdgesBetweenSwitches(*file, 0), 1u);
  EXPECT_EQ(EdgesBetweenSwitches(*file, 1), 1u);
}

TEST(ClusterTreesTest, ThoseThatAreLeftKeepTheirSwitches) {
  const std::vector<Member> all = Members(16);
  const auto switches = ReadClusterSwitches(WriteTopology(kTwoSwitches), all);
  ASSERT_TRUE(switches.ok()) << switches.status();
  std::vector<Member> left = all;
  left.erase(left.begin() + 5, left.begin() + 8);
  left.erase(left.begin());
  const auto file =
      MakeClusterTrees(left, {.fanout = 3, .members = all, .switches = switches->layout});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->members(), left);
  EXPECT_EQ(EdgesBetweenSwitches(*file, 0), 1u);
  // What is written is what peers read.
  EXPECT_TRUE(TreeFile::Parse(file->Text()).ok());
}

TEST(ClusterTreesTest, ASwitchOfWhichNobodyIsLeftIsNoHindrance) {
  const std::vector<Member> all = Members(16);
  const auto switches = ReadClusterSwitches(WriteTopology(kTwoSwitches), all);
  ASSERT_TRUE(switches.ok()) << switches.status();
  const std::vector<Member> left = {all[1], all[3], all[5]};
  const auto file =
      MakeClusterTrees(left, {.fanout = 2, .members = all, .switches = switches->layout});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->members(), left);
  EXPECT_TRUE(TreeFile::Parse(file->Text()).ok());
}

TEST(ClusterTreesTest, WithoutSwitchesNothingIsSaidOfThem) {
  const std::vector<Member> members = Members(4);
  const auto file = MakeClusterTrees(members, {.fanout = 2, .members = members, .switches = {}});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->trees().switches().empty());
}

TEST(ClusterTreesTest, ThereAreNoMoreTreesThanMembersAndTheBestFanoutIsChosen) {
  const std::vector<Member> members = Members(2);
  const auto file = MakeClusterTrees(members, {.trees_max = 9, .members = members, .switches = {}});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->trees().tree_count(), 2u);
}

TEST(ClusterTreesTest, ATreeThatIsTooDeepIsAnErrorThatSaysWhatToDo) {
  const std::vector<Member> members = Members(100);
  const auto file = MakeClusterTrees(members, {.fanout = 1, .members = members, .switches = {}});
  EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(file.status().message()), HasSubstr("--fanout"));
}

TEST(ClusterTreesTest, AHostThatTheFileDoesNotListIsWarnedOf) {
  const auto switches =
      ReadClusterSwitches(WriteTopology("SwitchName=one Nodes=n[0-2]\n"), Members(5));
  ASSERT_TRUE(switches.ok()) << switches.status();
  EXPECT_THAT(switches->warning, HasSubstr("n[3-4]"));
}

TEST(ClusterTreesTest, EveryErrorNamesTheOptionAndTheFile) {
  const auto none = ReadClusterSwitches("/no/such/topology.conf", Members(1));
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("--topology"));
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("/no/such/topology.conf"));
  const std::string path = WriteTopology("SwitchName=one Nodes=other[0-2]\n");
  const auto other = ReadClusterSwitches(path, Members(1));
  EXPECT_EQ(other.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(other.status().message()), HasSubstr(path));
}

}  // namespace
}  // namespace coppice
