#include "bench/samples.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(SamplesTest, TheMedianIsTheMiddleValueWhateverTheOrder) {
  EXPECT_DOUBLE_EQ(Samples({9, 1, 5}).Median(), 5);
  EXPECT_DOUBLE_EQ(Samples({7}).Median(), 7);
}

TEST(SamplesTest, TheMedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo) {
  EXPECT_DOUBLE_EQ(Samples({4, 1, 2, 100}).Median(), 3);
}

TEST(SamplesTest, OneOutlierMovesTheSpreadAndNotTheMedian) {
  const Samples samples({10, 10, 10, 10, 50});
  EXPECT_DOUBLE_EQ(samples.Median(), 10);
  EXPECT_DOUBLE_EQ(samples.Min(), 10);
  EXPECT_DOUBLE_EQ(samples.Max(), 50);
  EXPECT_DOUBLE_EQ(samples.Spread(), 4);
}

TEST(SamplesTest, ValuesStayInTheOrderOfTheRounds) {
  Samples samples;
  samples.Add(3);
  samples.Add(1);
  EXPECT_EQ(samples.count(), 2u);
  EXPECT_EQ(samples.values(), (std::vector<double>{3, 1}));
}

TEST(SamplesTest, ARatioIsThatOfTheMedians) {
  EXPECT_DOUBLE_EQ(MedianRatio(Samples({1, 3, 100}), Samples({2, 2, 2})), 1.5);
}

TEST(SamplesTest, ThereIsNoRatioToNothing) {
  EXPECT_DOUBLE_EQ(MedianRatio(Samples(), Samples({1})), 0);
  EXPECT_DOUBLE_EQ(MedianRatio(Samples({1}), Samples()), 0);
  EXPECT_DOUBLE_EQ(MedianRatio(Samples({1}), Samples({0})), 0);
  EXPECT_DOUBLE_EQ(Samples({0, 0}).Spread(), 0);
}

}  // namespace
}  // namespace coppice
