// Runs the program at a tiny size.
#include <filesystem>
#include <string>

#include "bench/system_call_counter.h"
#include "bench/testing/program_report.h"
#include "deploy/testing/program_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kProgram[] = "bench/hop/hop";

constexpr double kLargeBytes = 8 << 20;
// Headers of messages; blocks that were fetched twice.
constexpr double kCopiesTolerance = 0.5;

// System calls for each unit of work: of that many requests at least every other takes one. None
// where the machine does not count them.
void ExpectSystemCalls(const ReportedRow& row, const std::string& name, double requests) {
  if (absl::Status status = CheckSystemCallsCountable(); !status.ok()) {
    EXPECT_EQ(row.counts.count(name), 0u) << name;
    GTEST_LOG_(WARNING) << "NOT TESTED: " << status.message();
    return;
  }
  ASSERT_EQ(row.counts.count(name), 1u) << name;
  EXPECT_GT(row.counts.at(name), requests / 2) << name;
}

TEST(HopTest, EveryCompetitorMovesBothWorkloads) {
  const ProgramReport report =
      RunForReport(kProgram, {"--size=8MiB", "--files=200", "--chains=1,2", "--rounds=1"});
  EXPECT_EQ(report.exit_code, 0) << report.standard_error;
  EXPECT_TRUE(report.ok);
  ASSERT_EQ(report.rows.size(), 4u);
  for (const char* name : {"8.0 MiB, hops: 1", "8.0 MiB, hops: 2"}) {
    const auto& rows = report.rows.at(name);
    for (const char* who : {"Coppice, PeerSource", "Coppice, mount", "raw gRPC", "TCP copy"}) {
      ASSERT_EQ(rows.count(who), 1u) << name << ", " << who;
      EXPECT_EQ(rows.at(who).unit, "B/s");
      EXPECT_GT(rows.at(who).median, 0);
      EXPECT_GT(rows.at(who).counts.at("CPU s/GiB"), 0);
      // Of 1 MiB each, at least one for who sends and one for who receives.
      ExpectSystemCalls(rows.at(who), "system calls/GiB", 2 * 1024);
    }
  }
  // From a hot root: each hop is a message of three copies, and the kernel's is one. From the mount
  // to its peer no bytes move.
  for (const size_t hops : {size_t{1}, size_t{2}}) {
    const auto& rows = report.rows.at("8.0 MiB, hops: " + std::to_string(hops));
    const double messages = 3.0 * static_cast<double>(hops);
    EXPECT_NEAR(rows.at("Coppice, PeerSource").counts.at("copies"), messages, kCopiesTolerance);
    const ReportedRow& mount = rows.at("Coppice, mount");
    EXPECT_NEAR(mount.counts.at("copies"), messages - 3 + 1, kCopiesTolerance);
    EXPECT_GE(mount.counts.at("READ"), 8);  // of 1 MiB at most
    EXPECT_GE(rows.at("Coppice, PeerSource").counts.at("bytes per hop"), kLargeBytes);
    EXPECT_EQ(mount.counts.count("bytes per hop"), hops - 1);
    if (hops > 1) {
      EXPECT_GE(mount.counts.at("bytes per hop"), kLargeBytes);
    }
    EXPECT_EQ(rows.at("raw gRPC").counts.count("copies"), 0u);
  }
  for (const char* name : {"200 files of 4 KiB, hops: 1", "200 files of 4 KiB, hops: 2"}) {
    const auto& rows = report.rows.at(name);
    for (const char* who : {"Coppice, PeerSource", "Coppice, mount", "raw gRPC", "tar over TCP",
                            "tar over TCP, unpacked and read"}) {
      ASSERT_EQ(rows.count(who), 1u) << name << ", " << who;
      EXPECT_TRUE(rows.at(who).median > 0 || !rows.at(who).absent.empty()) << who;
    }
  }
  const auto& floor = report.rows.at("200 files of 4 KiB, hops: 2").at("FUSE floor, no hop");
  EXPECT_GT(floor.median, 0);
  EXPECT_GT(floor.counts.at("CPU us/file"), 0);
  EXPECT_GE(floor.counts.at("FUSE requests"), 200);
  EXPECT_EQ(floor.counts.at("READ"), 200);
  const ReportedRow& small = report.rows.at("200 files of 4 KiB, hops: 2").at("Coppice, mount");
  // Each file was asked for, or given before.
  EXPECT_GE(small.counts.at("READ") + small.counts.at("files given ahead"), 200);
  EXPECT_GE(small.counts.at("bytes per hop"), 200 * 4096);
  ExpectSystemCalls(floor, "system calls/file", floor.counts.at("FUSE requests") / 200);
  EXPECT_EQ(report.rows.at("200 files of 4 KiB, hops: 1").count("FUSE floor, no hop"), 0u);
  // Measured, or a row that says why not.
  ASSERT_EQ(report.rows.at("200 files of 4 KiB, hops: 2").count("sshfs, 1 hop"), 1u);
  EXPECT_EQ(report.goals.count("8.0 MiB, hops: 1: speed / raw gRPC"), 1u);
  EXPECT_EQ(report.goals.count("8.0 MiB, hops: 1: CPU per GiB / raw gRPC"), 1u);
}

TEST(HopTest, NoLargeFileIsLeftOut) {
  const ProgramReport report =
      RunForReport(kProgram, {"--size=0", "--files=20", "--chains=1", "--rounds=1"});
  EXPECT_EQ(report.exit_code, 0) << report.standard_error;
  ASSERT_EQ(report.rows.size(), 1u);
  EXPECT_EQ(report.rows.begin()->first, "20 files of 4 KiB, hops: 1");
}

TEST(HopTest, NoSmallFilesAreLeftOut) {
  const ProgramReport report =
      RunForReport(kProgram, {"--size=2MiB", "--files=0", "--chains=1", "--rounds=1"});
  EXPECT_EQ(report.exit_code, 0) << report.standard_error;
  ASSERT_EQ(report.rows.size(), 1u);
  EXPECT_EQ(report.rows.begin()->first, "2.0 MiB, hops: 1");
}

// With a chain that the goals of both are of.
TEST(HopTest, WhatWasNotAskedForHasNoGoalAndNoNote) {
  const ProgramRun small =
      RunProgram(kProgram, {"--size=0", "--files=20", "--chains=2", "--rounds=1"}, {"TMPDIR=/tmp"});
  EXPECT_TRUE(small.end.success()) << small.standard_error;
  EXPECT_THAT(small.standard_output, Not(HasSubstr("0 B,")));
  const ProgramRun large = RunProgram(
      kProgram, {"--size=2MiB", "--files=0", "--chains=2", "--rounds=1"}, {"TMPDIR=/tmp"});
  EXPECT_TRUE(large.end.success()) << large.standard_error;
  EXPECT_THAT(large.standard_output, Not(HasSubstr("files of 4 KiB")));
  EXPECT_THAT(large.standard_output, HasSubstr("2.0 MiB, hops: 2: speed / raw gRPC"));
}

TEST(HopTest, NothingToMeasureIsAMistakeInUsage) {
  const ProgramRun run = RunProgram(kProgram, {"--size=0", "--files=0"});
  EXPECT_EQ(run.end.code, 2);
  EXPECT_THAT(run.standard_error, HasSubstr("--size=0 and --files=0 leave nothing to measure"));
}

TEST(HopTest, ATemporaryDirectoryWithALongPathWillDo) {
  const TemporaryDirectory directory("/tmp");
  const std::string deep = directory.Below(std::string(100, 'x'));
  ASSERT_TRUE(std::filesystem::create_directory(deep));
  const ProgramRun run = RunProgram(
      kProgram, {"--size=2MiB", "--files=0", "--chains=1", "--rounds=1"}, {"TMPDIR=" + deep});
  EXPECT_TRUE(run.end.success()) << run.standard_error;
  EXPECT_TRUE(std::filesystem::is_empty(deep));
}

TEST(HopTest, AChainThatIsTooLongIsAMistakeInUsage) {
  EXPECT_EQ(RunProgram(kProgram, {"--chains=5"}).end.code, 2);
  EXPECT_EQ(RunProgram(kProgram, {"--chains=0"}).end.code, 2);
}

}  // namespace
}  // namespace coppice
