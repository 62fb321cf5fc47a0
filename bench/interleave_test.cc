#include "bench/interleave.h"

#include <string>

#include "deploy/pipe.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class InterleaveTest : public testing::Test {
 protected:
  NamedMeasurement Counting(const std::string& name, double first) {
    return {name, [this, name, value = first]() mutable -> absl::StatusOr<double> {
              order_ += name;
              return value++;
            }};
  }

  BenchContext Context(size_t rounds) {
    return {.rounds = rounds,
            .progress = [this](absl::string_view text) { said_.emplace_back(text); }};
  }

  std::string order_;
  std::vector<std::string> said_;
};

TEST_F(InterleaveTest, EveryRoundTakesEachOnceAndBeginsWithAnother) {
  const auto samples =
      Interleave({Counting("a", 0), Counting("b", 10), Counting("c", 20)}, Context(4));
  ASSERT_TRUE(samples.ok()) << samples.status();
  EXPECT_EQ(order_, "abcbcacababc");
  ASSERT_EQ(samples->size(), 3u);
  EXPECT_THAT((*samples)[0].values(), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT((*samples)[1].values(), ElementsAre(10, 11, 12, 13));
  EXPECT_THAT((*samples)[2].values(), ElementsAre(20, 21, 22, 23));
  EXPECT_EQ(said_.size(), 4u);
}

TEST_F(InterleaveTest, TheFirstErrorEndsItAndIsNamed) {
  const auto samples = Interleave(
      {Counting("a", 0), {"broken", [] { return absl::DataLossError("lost"); }}}, Context(3));
  EXPECT_EQ(samples.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(samples.status().message()), HasSubstr("broken"));
  EXPECT_EQ(order_, "a");
}

TEST_F(InterleaveTest, AnInterruptionEndsItBeforeTheNextMeasurement) {
  auto pipe = OpenPipe();
  ASSERT_TRUE(pipe.ok()) << pipe.status();
  BenchContext context = Context(3);
  context.interrupt_descriptor = pipe->read_end.get();
  const auto samples = Interleave({Counting("a", 0),
                                   {"interrupted",
                                    [&]() -> absl::StatusOr<double> {
                                      pipe->write_end.Reset();
                                      return 1;
                                    }},
                                   Counting("c", 0)},
                                  context);
  EXPECT_TRUE(absl::IsCancelled(samples.status())) << samples.status();
  EXPECT_EQ(order_, "a");
}

TEST_F(InterleaveTest, NothingToMeasureIsNoError) {
  const auto samples = Interleave({}, Context(2));
  ASSERT_TRUE(samples.ok());
  EXPECT_TRUE(samples->empty());
}

}  // namespace
}  // namespace coppice
