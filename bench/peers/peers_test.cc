// Runs the program at a tiny size, with those that are always there.
#include "bench/testing/program_report.h"
#include "deploy/testing/program_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kProgram[] = "bench/peers/peers";

TEST(PeersTest, ContendersDoTheSameWork) {
  const ProgramReport report =
      RunForReport(kProgram, {"--size=1MiB", "--rounds=1", "--only=local disk,Coppice,bindfs"});
  EXPECT_EQ(report.exit_code, 0) << report.standard_error;
  EXPECT_TRUE(report.ok);
  ASSERT_EQ(report.rows.size(), 5u);
  for (const auto& [name, rows] : report.rows) {
    ASSERT_EQ(rows.size(), 3u) << name;
    for (const char* who : {"local disk", "Coppice"}) {
      EXPECT_EQ(rows.at(who).unit, "s");
      EXPECT_GT(rows.at(who).median, 0) << name << ", " << who;
    }
    // Not installed by setup.sh: a row all the same.
    EXPECT_TRUE(rows.at("bindfs").median > 0 || !rows.at("bindfs").absent.empty()) << name;
  }
}

TEST(PeersTest, AModuleThatCannotBeImportedIsAFailureThatNamesThePackage) {
  const ProgramRun run =
      RunProgram(kProgram, {"--module=no_such_module", "--rounds=1"}, {"TMPDIR=/tmp"});
  EXPECT_EQ(run.end.code, 1);
  EXPECT_THAT(run.standard_error, HasSubstr("Python cannot import no_such_module"));
  EXPECT_THAT(run.standard_error, HasSubstr("install the Debian package python3-no_such_module"));
  EXPECT_THAT(run.standard_error, Not(HasSubstr("Traceback")));
}

TEST(PeersTest, WhatCannotNameAModuleIsAMistakeInUsage) {
  const ProgramRun run = RunProgram(kProgram, {"--module=a;b"}, {"TMPDIR=/tmp"});
  EXPECT_EQ(run.end.code, 2);
  EXPECT_THAT(run.standard_error, Not(HasSubstr("copying")));
}

TEST(PeersTest, AnUnknownContenderIsAMistakeInUsage) {
  EXPECT_EQ(RunProgram(kProgram, {"--only=nfs"}).end.code, 2);
}

}  // namespace
}  // namespace coppice
