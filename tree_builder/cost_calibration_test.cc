#include "tree_builder/cost_calibration.h"

#include <cerrno>

#include "absl/time/clock.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(CostCalibrationTest, LoopbackGivesConstantsThatCanBeRead) {
  const absl::Time start = absl::Now();
  const auto costs = CalibrateOverLoopback();
  ASSERT_TRUE(costs.ok()) << costs.status();
  EXPECT_LT(absl::Now() - start, kCalibrationMax);
  EXPECT_GT(costs->hop_us, 1);
  EXPECT_GT(costs->child_us, 0.1);
  EXPECT_GT(costs->bandwidth_mb_per_s, 1);
  EXPECT_TRUE(ParseTreeCosts(TreeCostsText(*costs)).ok());
}

TEST(CostCalibrationTest, NobodyThereIsAnErrorThatNamesTheAddress) {
  const auto costs = CalibrateWith("127.0.0.1:1");
  EXPECT_EQ(StatusErrno(costs.status()), ECONNREFUSED);
  EXPECT_THAT(std::string(costs.status().message()), testing::HasSubstr("127.0.0.1:1"));
  EXPECT_FALSE(CalibrateWith("no port").ok());
}

}  // namespace
}  // namespace coppice
