#include "bench/once_goal.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ContainsRegex;

// What is told of it.
std::string TextOf(const GoalRatio& goal) {
  Report report("program", {});
  report.AddGoal(goal);
  return report.Text();
}

TEST(OnceGoalTest, AsMuchInAllRoundsMeetsIt) {
  const GoalRatio goal = OnceGoal("operations", {853, 853}, {853, 853});
  EXPECT_EQ(goal.name, "operations");
  EXPECT_EQ(goal.value, 1);
  EXPECT_TRUE(goal.Met());
}

TEST(OnceGoalTest, AnExcessInAnyRoundMissesIt) {
  EXPECT_EQ(OnceGoal("", {200, 100, 100}, {100, 100, 100}).value, 2);
  EXPECT_EQ(OnceGoal("", {100, 200, 100}, {100, 100, 100}).value, 2);
  EXPECT_EQ(OnceGoal("", {100, 100, 200}, {100, 100, 100}).value, 2);
  EXPECT_FALSE(OnceGoal("", {200, 100, 100}, {100, 100, 100}).Met());
}

TEST(OnceGoalTest, AnExcessOfFewNodesHidesNone) {
  EXPECT_EQ(OnceGoal("", {200, 200}, {200, 100}).value, 2);
  EXPECT_EQ(OnceGoal("", {200, 200}, {100, 200}).value, 2);
}

TEST(OnceGoalTest, WhatIsPrintedIsWhatIsTested) {
  EXPECT_THAT(TextOf(OnceGoal("a", {1004}, {1000})), ContainsRegex("1\\.00 +<= 1\\.00 +met"));
  EXPECT_THAT(TextOf(OnceGoal("a", {1006}, {1000})), ContainsRegex("1\\.01 +<= 1\\.00 +missed"));
}

TEST(OnceGoalTest, SomethingIsMoreThanNothing) {
  EXPECT_TRUE(OnceGoal("", {0}, {0}).Met());
  EXPECT_THAT(TextOf(OnceGoal("a", {1}, {0})), ContainsRegex("inf +<= 1\\.00 +missed"));
}

}  // namespace
}  // namespace coppice
