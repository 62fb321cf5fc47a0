#include "bench/line_chart.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(LineChartTest, TicksAreRoundNumbers) {
  EXPECT_DOUBLE_EQ(TickDistance(10), 1);
  EXPECT_DOUBLE_EQ(TickDistance(11), 2);
  EXPECT_DOUBLE_EQ(TickDistance(37), 5);
  EXPECT_DOUBLE_EQ(TickDistance(0.9), 0.1);
  EXPECT_DOUBLE_EQ(TickDistance(1234), 200);
  EXPECT_DOUBLE_EQ(TickDistance(0), 1);
}

TEST(LineChartTest, ItHasTitlesAxesTicksLinesAndALegend) {
  const std::string svg = LineChartSvg({.title = "the title",
                                        .subtitle = "below it",
                                        .x_label = "nodes",
                                        .y_label = "seconds",
                                        .lines = {{"direct", {{1, 2}, {2, 4}, {4, 8}}},
                                                  {"through Coppice", {{1, 3}, {2, 3}, {4, 3}}}}});
  EXPECT_THAT(svg,
              AllOf(HasSubstr(">the title<"), HasSubstr(">below it<"), HasSubstr(">nodes<"),
                    HasSubstr(">seconds<"), HasSubstr(">direct<"), HasSubstr(">through Coppice<")));
  EXPECT_THAT(svg, AllOf(HasSubstr(">0<"), HasSubstr(">8<"), HasSubstr(">1<"), HasSubstr(">4<")));
  EXPECT_THAT(svg, HasSubstr("</svg>\n"));
}

TEST(LineChartTest, DoublingIsOneStepToTheRight) {
  const std::string svg = LineChartSvg({.lines = {{"a", {{1, 0}, {2, 5}, {4, 10}}}}});
  // From 80 to 690, from 380 up to 70.
  EXPECT_THAT(svg, HasSubstr("points=\"80.0,380.0 385.0,225.0 690.0,70.0 \""));
}

TEST(LineChartTest, TextIsEscaped) {
  EXPECT_THAT(LineChartSvg({.title = "a < b & c"}), HasSubstr("a &lt; b &amp; c"));
}

TEST(LineChartTest, WithoutPointsThereIsStillAPicture) {
  EXPECT_THAT(LineChartSvg({.lines = {{"nothing", {}}}}), Not(HasSubstr("nan")));
  EXPECT_THAT(LineChartSvg({.lines = {{"one", {{4, 2}}}}}), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace coppice
