#include "tree_builder/topology.h"

#include <numeric>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tree_builder/member.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Error(std::vector<uint32_t> parent_plus_one, uint32_t fanout) {
  const auto topology = Topology::FromParents(std::move(parent_plus_one), fanout);
  EXPECT_TRUE(absl::IsInvalidArgument(topology.status())) << topology.status();
  return std::string(topology.status().message());
}

TEST(TopologyTest, OneMemberIsARootWithoutAnybody) {
  const Topology topology = *Topology::FromParents({0}, 2);
  EXPECT_EQ(topology.size(), 1u);
  EXPECT_EQ(topology.root(), 0u);
  EXPECT_EQ(topology.Depth(0), 0u);
  EXPECT_FALSE(topology.Parent(0).has_value());
  EXPECT_THAT(topology.Children(0), IsEmpty());
  EXPECT_THAT(topology.Ancestors(0), IsEmpty());
}

TEST(TopologyTest, MembersKnowParentChildrenAncestorsAndDepth) {
  const Topology topology = *Topology::FromParents({0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4}, 3);
  EXPECT_THAT(topology.Children(0), ElementsAre(1, 2, 3));
  EXPECT_THAT(topology.Children(3), ElementsAre(10, 11));
  EXPECT_THAT(topology.Children(4), IsEmpty());
  EXPECT_THAT(topology.Ancestors(11), ElementsAre(3, 0));
  EXPECT_EQ(topology.Parent(11), 3u);
  EXPECT_EQ(topology.Depth(11), 2u);
  EXPECT_EQ(topology.fanout(), 3u);
}

TEST(TopologyTest, ParentsInAnyOrderAreATree) {
  // 3 is the root; 0 and 4 are its children; 1 below 0; 2 below 1.
  const auto topology = Topology::FromParents({4, 1, 2, 0, 4}, 2);
  ASSERT_TRUE(topology.ok()) << topology.status();
  EXPECT_EQ(topology->root(), 3u);
  EXPECT_THAT(topology->Children(3), ElementsAre(0, 4));
  EXPECT_THAT(topology->Ancestors(2), ElementsAre(1, 0, 3));
  EXPECT_EQ(topology->Depth(2), 3u);
}

TEST(TopologyTest, ThereIsExactlyOneRoot) {
  EXPECT_THAT(Error({}, 2), HasSubstr("without members"));
  EXPECT_THAT(Error({0, 1, 0}, 2), HasSubstr("members 0 and 2 both have no parent"));
  EXPECT_THAT(Error({2, 1}, 2), HasSubstr("no root"));
}

TEST(TopologyTest, AParentIsAMember) {
  EXPECT_THAT(Error({0, 4, 1}, 2),
              HasSubstr("member 1 has the parent 3, but the last member is 2"));
  EXPECT_THAT(Error({0, 0xffffffff}, 2), HasSubstr("member 1 has the parent 4294967294"));
}

TEST(TopologyTest, ACycleIsFound) {
  EXPECT_THAT(Error({0, 2}, 2), HasSubstr("member 1 does not reach the root"));
  EXPECT_THAT(Error({0, 1, 5, 3, 4}, 2), HasSubstr("member 2 does not reach the root"));
}

TEST(TopologyTest, NobodyHasMoreChildrenThanTheFanout) {
  EXPECT_TRUE(Topology::FromParents({0, 1, 1}, 2).ok());
  EXPECT_THAT(Error({0, 1, 1}, 1), HasSubstr("member 0 has 2 children, but the fan-out is 1"));
  EXPECT_THAT(Error({0}, 0), HasSubstr("the fan-out 0 is not from 1 to 1024"));
  EXPECT_THAT(Error({0}, 1025), HasSubstr("the fan-out 1025"));
}

TEST(TopologyTest, AChainMayBeAsLongAsARequestMayTravel) {
  std::vector<uint32_t> chain(kDepthMax + 1);
  std::iota(chain.begin(), chain.end(), 0);
  const auto topology = Topology::FromParents(chain, 1);
  ASSERT_TRUE(topology.ok()) << topology.status();
  EXPECT_EQ(topology->Depth(kDepthMax), kDepthMax);
  chain.push_back(kDepthMax + 1);
  EXPECT_THAT(Error(chain, 1), HasSubstr("member 64 is more than 63 steps from the root"));
}

TEST(TopologyTest, SizeIsLimited) {
  std::vector<uint32_t> many(kMembersMax + 1, 1);
  EXPECT_THAT(Error(many, 2), HasSubstr("more than 1000000 members"));
}

}  // namespace
}  // namespace coppice
