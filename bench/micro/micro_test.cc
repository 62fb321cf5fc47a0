// Runs every microbenchmark shortly: each must work, and none may be lost. No time is checked.
#include <string>
#include <utility>
#include <vector>

#include "bench/testing/program_report.h"
#include "deploy/testing/program_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

constexpr char kProgram[] = "bench/micro/micro";
constexpr char kOneThread[] = "1 thread";
constexpr char kShort[] = "--min_time=100us";

TEST(MicroTest, EveryBenchmarkIsARowWithItsCounters) {
  const ProgramReport report = RunForReport(kProgram, {kShort, "--rounds=1"});
  EXPECT_EQ(report.exit_code, 0) << report.standard_error;
  EXPECT_TRUE(report.ok);
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"block_codec/encode_1MiB", kOneThread},
      {"block_codec/decode_1MiB", kOneThread},
      {"block_codec/floor_allocate_and_copy_1MiB", kOneThread},
      {"codec/encode_attributes", kOneThread},
      {"codec/decode_attributes", kOneThread},
      {"codec/encode_listing/1000", kOneThread},
      {"codec/decode_listing/1000", kOneThread},
      {"crc32c/4096", kOneThread},
      {"crc32c/1048576", kOneThread},
      {"listing/hit/1000", kOneThread},
      {"listing/hit/16384", kOneThread},
      {"listing/absent/1000", kOneThread},
      {"listing/absent/16384", kOneThread},
      {"lru_cache/hit_block", kOneThread},
      {"lru_cache/hit_block", "8 threads"},
      {"lru_cache/hit_attributes", "8 threads"},
      {"lru_cache/hit_one_block", "8 threads"},
      {"lru_cache/miss", kOneThread},
      {"single_flight/leader_only", kOneThread},
      {"single_flight/joined/12", kOneThread}};
  for (const auto& [name, who] : rows) {
    const auto found = report.rows.find(name);
    ASSERT_NE(found, report.rows.end()) << name;
    ASSERT_EQ(found->second.count(who), 1u) << name << ", " << who;
    EXPECT_EQ(found->second.at(who).unit, "s");
    EXPECT_EQ(found->second.at(who).counts.count("CPU"), 1u) << name;
  }
  const auto counts = [&report](const std::string& name) {
    return report.rows.at(name).at(kOneThread).counts;
  };
  EXPECT_GT(counts("crc32c/4096").at("bytes_per_second"), 0);
  EXPECT_GT(counts("listing/hit/1000").at("items_per_second"), 0);
  EXPECT_GT(counts("codec/encode_attributes").at("message_bytes"), 0);
}

TEST(MicroTest, AFilterChoosesCasesAndEachIsMeasuredInEveryRound) {
  const ProgramReport report =
      RunForReport(kProgram, {kShort, "--rounds=2", "--filter=^crc32c/(4096|1048576)$"});
  EXPECT_EQ(report.exit_code, 0) << report.standard_error;
  ASSERT_EQ(report.rows.size(), 2u);
  EXPECT_EQ(report.rows.count("crc32c/4096"), 1u);
  EXPECT_EQ(report.rows.count("crc32c/1048576"), 1u);
  EXPECT_THAT(report.standard_error, HasSubstr("round 2 of 2"));
}

TEST(MicroTest, AFilterThatNoCaseHasIsAFailureThatSaysWhatThereIs) {
  const ProgramReport report = RunForReport(kProgram, {"--filter=no_such_case"});
  EXPECT_EQ(report.exit_code, 1);
  EXPECT_FALSE(report.ok);
  EXPECT_THAT(report.standard_error, HasSubstr("--filter=no_such_case"));
  EXPECT_THAT(report.standard_error, HasSubstr("block_codec, codec, crc32c, listing"));
}

TEST(MicroTest, MistakesOnTheCommandLineEndWithTwoAndHelpWithNone) {
  for (const char* flag : {"--filter=(", "--min_time=0s", "--min_time=1h", "--min_time=fast",
                           "--rounds=0", "--benchmark_filter=listing"}) {
    EXPECT_EQ(RunProgram(kProgram, {flag}).end.code, 2) << flag;
  }
  const ProgramRun help = RunProgram(kProgram, {"--help"});
  EXPECT_TRUE(help.end.success());
  EXPECT_THAT(help.standard_output, HasSubstr("Examples:"));
  EXPECT_THAT(help.standard_output, HasSubstr("--filter"));
}

}  // namespace
}  // namespace coppice
