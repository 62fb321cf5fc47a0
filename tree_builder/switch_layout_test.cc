#include "tree_builder/switch_layout.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

std::string Error(const SwitchLayout& layout, uint32_t member_count) {
  return std::string(CheckSwitchLayout(layout, member_count).message());
}

TEST(SwitchLayoutTest, NothingKnownIsGood) { EXPECT_TRUE(CheckSwitchLayout({}, 3).ok()); }

TEST(SwitchLayoutTest, MembersHangOnSwitchesOrOnNone) {
  EXPECT_TRUE(CheckSwitchLayout({{{"a", 2}, {"b", 0}}, {1, 2, 0}}, 3).ok());
}

TEST(SwitchLayoutTest, EveryMemberHasAnEntry) {
  EXPECT_THAT(Error({{{"a", 0}}, {1}}, 2), HasSubstr("switches of 1 members instead of 2"));
  EXPECT_THAT(Error({{{"a", 0}}, {1, 2}}, 2), HasSubstr("member 1 is on switch 1, but there are"));
}

TEST(SwitchLayoutTest, SwitchesAreBelowSwitchesThatExistAndNotBelowThemselves) {
  EXPECT_THAT(Error({{{"a", 2}}, {1}}, 1),
              HasSubstr("'a' is below switch 1, but the last one is 0"));
  EXPECT_THAT(Error({{{"a", 1}}, {1}}, 1), HasSubstr("'a' is below itself"));
  EXPECT_THAT(Error({{{"a", 2}, {"b", 1}}, {1}}, 1), HasSubstr("is below itself"));
}

TEST(SwitchLayoutTest, SomeOfTheMembersKeepTheirSwitches) {
  const SwitchLayout layout = {{{"a", 3}, {"b", 3}, {"top", 0}}, {1, 2, 0, 2}};
  EXPECT_EQ(LayoutOfSome(layout, {0, 3}), (SwitchLayout{layout.switches, {1, 2}}));
  EXPECT_TRUE(LayoutOfSome(SwitchLayout(), {0, 3}).empty());
}

TEST(SwitchLayoutTest, LevelsAndSwitchesAreLimited) {
  SwitchLayout layout = {.switches = {{"s", 0}}, .switch_plus_one = {1}};
  while (layout.switches.size() < kSwitchLevelsMax) {
    layout.switches.push_back({"s", static_cast<uint32_t>(layout.switches.size())});
  }
  EXPECT_TRUE(CheckSwitchLayout(layout, 1).ok());
  layout.switches.push_back({"s", static_cast<uint32_t>(layout.switches.size())});
  EXPECT_THAT(Error(layout, 1), HasSubstr("16 switches above it or more"));
  layout.switches.assign(kSwitchesMax + 1, {"s", 0});
  EXPECT_THAT(Error(layout, 1), HasSubstr("more than 200000 switches"));
}

}  // namespace
}  // namespace coppice
