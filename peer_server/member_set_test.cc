#include "peer_server/member_set.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

MemberSet Of(std::initializer_list<uint32_t> members) {
  MemberSet set;
  for (const uint32_t member : members) set.Insert(member);
  return set;
}

TEST(MemberSetTest, HasWhatWasInsertedAndNothingElse) {
  const MemberSet set = Of({0, 9, 1000});
  EXPECT_EQ(set.Count(), 3u);
  EXPECT_TRUE(set.Contains(0) && set.Contains(9) && set.Contains(1000));
  EXPECT_FALSE(set.Contains(1) || set.Contains(8) || set.Contains(1001) || set.Contains(100'000));
  EXPECT_EQ(set.Members(), (std::vector<uint32_t>{0, 9, 1000}));
}

TEST(MemberSetTest, UnionIntersectionAndDifferenceOfSetsOfDifferentLength) {
  const MemberSet low = Of({1, 5}), high = Of({5, 700});
  MemberSet all = low;
  all.UnionWith(high);
  EXPECT_EQ(all, Of({1, 5, 700}));
  MemberSet both = high;
  both.IntersectWith(low);
  EXPECT_EQ(both, Of({5}));
  MemberSet rest = low;
  rest.Subtract(high);
  EXPECT_EQ(rest, Of({1}));
  rest = high;
  rest.Subtract(low);
  EXPECT_EQ(rest, Of({700}));
}

TEST(MemberSetTest, TheWireHasOnlyTheBytesBetweenTheFirstAndTheLast) {
  const v1::MemberSet message = Of({800, 817}).Encode();
  EXPECT_EQ(message.first_byte(), 100u);
  EXPECT_EQ(message.bits(), std::string("\x01\x00\x02", 3));
  EXPECT_EQ(*MemberSet::Decode(message, 818), Of({800, 817}));
  EXPECT_TRUE(MemberSet().Encode().bits().empty());
  EXPECT_TRUE(MemberSet::Decode({}, 0)->IsEmpty());
}

TEST(MemberSetTest, AMemberThatCannotBeIsRefused) {
  EXPECT_FALSE(MemberSet::Decode(Of({800, 817}).Encode(), 817).ok());
  v1::MemberSet far;
  far.set_first_byte(0xffff'ffff);
  far.set_bits("\x01");
  EXPECT_FALSE(MemberSet::Decode(far, 1'000'000).ok());
}

}  // namespace
}  // namespace coppice
