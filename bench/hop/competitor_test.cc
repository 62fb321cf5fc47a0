#include "bench/hop/competitor.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "bench/system_call_counter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

constexpr size_t kRounds = 3;

bool IsSystemCalls(const Count& count) { return count.name == "system calls/file"; }

// Not every machine counts them.
void DropSystemCalls(std::vector<Count>& counts) { std::erase_if(counts, IsSystemCalls); }

class CompeteTest : public testing::Test {
 protected:
  // Takes that long each time, and as many bytes a second less.
  Measure Takes(absl::Duration elapsed) {
    return [this, elapsed](CostedRun&) -> absl::StatusOr<absl::Duration> {
      ++measured_;
      return elapsed;
    };
  }

  absl::StatusOr<std::map<std::string, Samples>> Run(const std::vector<Competitor>& competitors) {
    return Compete({.name = "case", .hops = 2, .bytes = 1000, .files = 10}, competitors,
                   {.rounds = kRounds, .progress = [](absl::string_view) {}}, report_);
  }

  size_t measured_ = 0;
  Report report_{"test", {}};
};

TEST_F(CompeteTest, EachHasARowWithASampleOfEachRoundInBytesPerSecond) {
  const auto cpu = Run({{"slow", Takes(absl::Seconds(2))}, {"quick", Takes(absl::Seconds(1))}});
  ASSERT_TRUE(cpu.ok()) << cpu.status();
  EXPECT_TRUE(cpu->empty());  // the costs of neither are known
  EXPECT_EQ(measured_, 2 * kRounds);
  for (const auto& [who, rate] : {std::pair("slow", 500), std::pair("quick", 1000)}) {
    const ReportRow* const row = report_.Find("case", who);
    ASSERT_NE(row, nullptr) << who;
    EXPECT_EQ(row->unit, Unit::kBytesPerSecond);
    EXPECT_EQ(row->samples.count(), kRounds);
    EXPECT_EQ(row->samples.Median(), rate) << who;
    EXPECT_TRUE(row->counts.empty());
  }
}

TEST_F(CompeteTest, OneThatCannotBeMeasuredIsARowThatSaysWhyAmongTheOthers) {
  const auto cpu =
      Run({{"first", Takes(absl::Seconds(1))},
           {.who = "missing", .measure = Takes(absl::Seconds(1)), .absent = "tar is not installed"},
           {"last", Takes(absl::Seconds(4))}});
  ASSERT_TRUE(cpu.ok()) << cpu.status();
  EXPECT_EQ(measured_, 2 * kRounds);
  ASSERT_EQ(report_.rows().size(), 3u);
  EXPECT_EQ(report_.rows()[1].who, "missing");
  EXPECT_EQ(report_.rows()[1].absent, "tar is not installed");
  EXPECT_TRUE(report_.rows()[1].samples.empty());
  EXPECT_EQ(report_.rows()[0].samples.Median(), 1000);
  EXPECT_EQ(report_.rows()[2].samples.Median(), 250);
}

TEST_F(CompeteTest, KnownCostsAreCountsForEachFileAndForEachHopWhereThereAreHops) {
  const Measure costed = [](CostedRun& run) {
    run.SetCounts({{"requests", 7}});
    return run.Measure({}, [] { return absl::OkStatus(); });
  };
  const auto cpu = Run({{"chain", costed}, {"floor", costed, /*has_hops=*/false}});
  ASSERT_TRUE(cpu.ok()) << cpu.status();
  EXPECT_EQ(cpu->at("chain").count(), kRounds);
  std::vector<Count> chain = report_.Find("case", "chain")->counts;
  std::vector<Count> floor = report_.Find("case", "floor")->counts;
  DropSystemCalls(chain);
  DropSystemCalls(floor);
  ASSERT_EQ(chain.size(), 3u);
  EXPECT_EQ(chain[0].name, "CPU us/file");
  EXPECT_DOUBLE_EQ(chain[0].value, cpu->at("chain").Median() * 1e6 / 10);
  EXPECT_EQ(chain[1].name, "CPU us/file/hop");
  EXPECT_DOUBLE_EQ(chain[1].value, chain[0].value / 2);
  EXPECT_EQ(chain[2].name, "requests");
  EXPECT_EQ(floor.size(), 2u);
}

TEST_F(CompeteTest, SystemCallsAreThoseOfARunThatIsNotTimed) {
  if (absl::Status status = CheckSystemCallsCountable(); !status.ok()) {
    GTEST_SKIP() << "NOT TESTED: " << status.message();
  }
  const auto cpu = Run({{"costed",
                         [this](CostedRun& run) {
                           ++measured_;
                           return run.Measure({}, [] {
                             for (int i = 0; i < 10'000; ++i) syscall(SYS_getppid);
                             return absl::OkStatus();
                           });
                         }},
                        {"not costed", Takes(absl::Seconds(1))}});
  ASSERT_TRUE(cpu.ok()) << cpu.status();
  EXPECT_EQ(measured_, 2 * kRounds + 1);
  EXPECT_EQ(cpu->at("costed").count(), kRounds);
  const ReportRow* const row = report_.Find("case", "costed");
  EXPECT_EQ(row->samples.count(), kRounds);
  const auto calls = std::find_if(row->counts.begin(), row->counts.end(), IsSystemCalls);
  ASSERT_NE(calls, row->counts.end());
  EXPECT_GE(calls->value, 1'000);  // for each of ten files
  EXPECT_LE(calls->value, 1'100);
  EXPECT_TRUE(report_.Find("case", "not costed")->counts.empty());
}

TEST_F(CompeteTest, AnErrorEndsItWithTheNamesOfTheCaseAndOfWhomItWas) {
  const auto cpu = Run(
      {{"good", Takes(absl::Seconds(1))}, {"bad", [](CostedRun&) -> absl::StatusOr<absl::Duration> {
                                             return absl::DataLossError("half of it");
                                           }}});
  EXPECT_EQ(cpu.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(cpu.status().message()), HasSubstr("case, bad"));
  EXPECT_THAT(std::string(cpu.status().message()), HasSubstr("half of it"));
  EXPECT_TRUE(report_.rows().empty());
}

}  // namespace
}  // namespace coppice
