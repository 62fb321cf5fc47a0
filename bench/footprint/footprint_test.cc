// Runs the program with a small tree and a small environment.
#include <cstddef>
#include <string>

#include "bench/process/sample_files.h"
#include "bench/testing/program_report.h"
#include "deploy/testing/program_run.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

constexpr char kProgram[] = "bench/footprint/footprint";
constexpr double kMebibyte = 1 << 20;
constexpr double kMegabyte = 1e6;
// A walk over 300 files takes milliseconds.
constexpr double kWalkCpuSecondsMax = 10;
constexpr size_t kEnvironmentBytes = size_t{8} << 20;

TEST(FootprintTest, CountsAreThoseOfTheTree) {
  const TemporaryDirectory directory("/tmp");
  ASSERT_TRUE(WriteLargeFile(directory.Below("library.so"), kEnvironmentBytes, {}).ok());
  const ProgramReport report =
      RunForReport(kProgram, {"--files=300", "--rounds=1", "--environment=" + directory.path()});
  EXPECT_EQ(report.exit_code, 0) << report.standard_error;
  EXPECT_TRUE(report.ok);
  for (const char* process : {"peer_server", "fuse_client"}) {
    const ReportedRow& idle = report.rows.at("idle").at(process);
    EXPECT_EQ(idle.unit, "B");
    EXPECT_GT(idle.median, kMebibyte);
    EXPECT_LT(idle.median, 1024 * kMebibyte);
  }
  const ReportedRow& cached = report.rows.at("grown by a cached environment").at("peer_server");
  EXPECT_EQ(cached.counts.at("cached"), kEnvironmentBytes);
  // The idle peer keeps pages ready, which the blocks take first.
  const double ready = report.rows.at("idle").at("peer_server").counts.at("shared");
  EXPECT_GE(cached.median + ready, kEnvironmentBytes);
  EXPECT_GE(report.goals.at("peer_server for a cached environment / its bytes"), 1);
  // Three directories and their root, one listing for each, and little else.
  const ReportedRow& walk = report.rows.at("find over 300 files, cold").at("Coppice");
  EXPECT_EQ(walk.counts.at("directories"), 4);
  EXPECT_GE(walk.counts.at("RPC read_dir_plus"), 3);
  EXPECT_LE(walk.counts.at("RPC read_dir_plus"), 8);
  for (const char* count : {"client CPU", "peer CPU"}) {
    EXPECT_GT(walk.counts.at(count), 0) << count;
    EXPECT_LT(walk.counts.at(count), kWalkCpuSecondsMax) << count;
  }
  EXPECT_EQ(report.goals.size(), 4u);
}

TEST(FootprintTest, GoalsOfMemoryAreInTheUnitOfWhatWasMeasured) {
  const TemporaryDirectory directory("/tmp");
  ASSERT_TRUE(WriteLargeFile(directory.Below("library.so"), 1, {}).ok());
  const ProgramReport report =
      RunForReport(kProgram, {"--files=0", "--rounds=1", "--environment=" + directory.path()});
  ASSERT_EQ(report.exit_code, 0) << report.standard_error;
  for (const std::string process : {"peer_server", "fuse_client"}) {
    EXPECT_DOUBLE_EQ(report.goals.at(process + " idle, MB") * kMegabyte,
                     report.rows.at("idle").at(process).median);
  }
}

TEST(FootprintTest, AnEnvironmentThatIsNoDirectoryIsAMistakeInUsage) {
  const TemporaryDirectory directory("/tmp");
  ASSERT_TRUE(WriteLargeFile(directory.Below("file"), 1, {}).ok());
  for (const std::string& path : {std::string("/nonexistent"), directory.Below("file")}) {
    EXPECT_EQ(RunProgram(kProgram, {"--environment=" + path}).end.code, 2) << path;
  }
}

TEST(FootprintTest, AnEnvironmentWithNothingToReadIsAFailure) {
  const TemporaryDirectory directory("/tmp");
  const std::string flag = "--environment=" + directory.path();
  const ProgramReport report = RunForReport(kProgram, {"--files=0", "--rounds=1", flag});
  EXPECT_EQ(report.exit_code, 1);
  EXPECT_NE(report.standard_error.find(flag + ": there is nothing to read"), std::string::npos)
      << report.standard_error;
}

}  // namespace
}  // namespace coppice
