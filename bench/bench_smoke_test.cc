// The programs of bench/ as a user runs them, at the smallest size: that they measure, what their
// JSON looks like, and that the counts are those of what was done. No time is checked.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "bench/scratch_directory.h"
#include "bench/system_call_counter.h"
#include "common/file_descriptor.h"
#include "deploy/child_process.h"
#include "deploy/descriptor_wait.h"
#include "deploy/mount_table.h"
#include "deploy/testing/program_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr absl::Duration kInterruptedMax = absl::Seconds(30);

Json LastLine(const std::string& output) {
  const std::vector<std::string> lines = absl::StrSplit(absl::StripSuffix(output, "\n"), '\n');
  return Json::parse(lines.back(), nullptr, /*allow_exceptions=*/false);
}

class BenchSmokeTest : public testing::Test {
 protected:
  void SetUp() override {
    const FileDescriptor fuse(open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!fuse.valid()) GTEST_SKIP() << "NOT TESTED: /dev/fuse cannot be opened on this machine";
  }

  // The JSON of a run that went well, which json_ keeps.
  void Run(const std::string& program, std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const ProgramRun run = RunProgram("bench/" + program, arguments);
    ASSERT_TRUE(run.end.success()) << run.standard_error << run.standard_output;
    json_ = LastLine(run.standard_output);
    ASSERT_TRUE(json_.is_object()) << run.standard_output;
    EXPECT_EQ(json_["ok"], true);
    EXPECT_EQ(json_["program"], std::filesystem::path(program).filename().string());
    for (const Json& row : json_["rows"]) {
      EXPECT_TRUE(row["case"].is_string()) << row;
      EXPECT_TRUE(row["who"].is_string()) << row;
      if (row.contains("absent")) continue;
      EXPECT_GT(row["median"], 0.0) << row;
      EXPECT_LE(row["min"], row["median"]) << row;
      EXPECT_GE(row["max"], row["median"]) << row;
      EXPECT_GE(row["samples"].size(), 1u) << row;
    }
    for (const Json& goal : json_["goals"]) {
      EXPECT_TRUE(goal["name"].is_string()) << goal;
      EXPECT_EQ(goal["met"],
                goal["at_most"] ? goal["value"] <= goal["goal"] : goal["value"] >= goal["goal"])
          << goal;
    }
  }

  Json RowOf(const std::string& name, const std::string& who) const {
    for (const Json& row : json_["rows"]) {
      if (row["case"] == name && row["who"] == who) return row;
    }
    ADD_FAILURE() << "there is no row '" << name << "' by " << who << " in " << json_;
    return {{"counts", Json::object()}};
  }
  // 0 for a count that is not there.
  double CountOf(const std::string& name, const std::string& who, const std::string& count) const {
    return RowOf(name, who)["counts"].value(count, 0.0);
  }

  // More than `calls` of them; none where the machine does not count them.
  void ExpectSystemCalls(const std::string& name, const std::string& who, const std::string& count,
                         double calls) const {
    const Json row = RowOf(name, who);
    if (absl::Status status = CheckSystemCallsCountable(); !status.ok()) {
      EXPECT_FALSE(row["counts"].contains(count)) << row;
      EXPECT_THAT(json_["notes"].dump(), HasSubstr("System calls were not counted"));
      return;
    }
    EXPECT_GT(row["counts"].value(count, 0.0), calls) << row;
  }

  Json json_;
};

TEST_F(BenchSmokeTest, MountFloorMeasuresEveryCaseByAllThree) {
  ASSERT_NO_FATAL_FAILURE(
      Run("mount_floor", {"--size=1MiB", "--files=30", "--processes=1,2", "--rounds=1"}));
  for (const std::string processes : {"", ", 2 processes"}) {
    for (const std::string what :
         {"stat", "stat of a missing name", "open, read 8 KiB, close", "readdir of 30 names",
          "sequential read", "random read of 4 KiB", "mmap, one page"}) {
      for (const char* const who : {"local", "floor", "coppice"}) {
        for (const char* const state : {", cold", ", warm"}) RowOf(what + state + processes, who);
      }
    }
  }
  for (const char* const who : {"floor", "coppice"}) {
    EXPECT_EQ(CountOf("stat, cold", who, "LOOKUP"), 30) << who;
    EXPECT_EQ(CountOf("stat, warm", who, "LOOKUP"), 0) << who;
    EXPECT_EQ(CountOf("stat of a missing name, cold", who, "LOOKUP"), 30) << who;
    EXPECT_EQ(CountOf("stat of a missing name, warm", who, "LOOKUP"), 0) << who;
    EXPECT_EQ(CountOf("open, read 8 KiB, close, cold", who, "READ"), 30) << who;
    EXPECT_EQ(CountOf("open, read 8 KiB, close, warm", who, "READ"), 0) << who;
    EXPECT_GE(CountOf("sequential read, cold", who, "READ"), 1) << who;
    EXPECT_EQ(CountOf("sequential read, warm", who, "READ"), 0) << who;
    // A request takes one to be read and one to be answered; a few are read by one.
    ExpectSystemCalls("stat, cold", who, "system calls", 30);
    ExpectSystemCalls("open, read 8 KiB, close, cold", who, "system calls", 30);
  }
  // The peer has all of it in memory that the client reads: only the answer to the kernel is left.
  EXPECT_EQ(CountOf("sequential read, cold", "coppice", "copies"), 1);
  EXPECT_EQ(CountOf("sequential read, warm", "coppice", "copies"), 0);
  EXPECT_FALSE(RowOf("stat, cold", "coppice")["counts"].empty());
  EXPECT_TRUE(RowOf("stat, warm", "local")["counts"].empty());
  EXPECT_EQ(CountOf("stat, cold", "coppice", "RPCs"), 0);
  for (const Json& note : json_["notes"]) {
    EXPECT_FALSE(absl::StrContains(note.get<std::string>(), "was not warm")) << note;
  }
}

TEST_F(BenchSmokeTest, ImportMeasuresColdWarmAndAtOnce) {
  ASSERT_NO_FATAL_FAILURE(Run("import", {"--module=numpy", "--rounds=1", "--warm=1", "--at_once=2",
                                         "--only=local,passthrough,coppice1,coppice2"}));
  const std::string cold = "import numpy, cold";
  const std::string warm = "import numpy, warm";
  for (const char* const who : {"local", "passthrough", "coppice"}) {
    RowOf(warm, who);
    RowOf("import numpy, warm, 2 at once", who);
  }
  EXPECT_GT(CountOf(cold, "passthrough", "OPEN"), 100);
  for (const char* const who : {"coppice", "coppice, chain of 2"}) {
    EXPECT_GT(CountOf(cold, who, "LOOKUP"), 100) << who;
    EXPECT_GT(CountOf(cold, who, "READ"), 100) << who;
    EXPECT_GT(CountOf(cold, who, "RPCs"), 10) << who;
    EXPECT_GT(CountOf(cold, who, "origin"), 1 << 20) << who;
    EXPECT_GT(CountOf(cold, who, "CPU per peer"), 0) << who;
    // Into the peer's memory, and to the kernel.
    EXPECT_GE(CountOf(cold, who, "copies"), 2) << who;
  }
  EXPECT_GT(CountOf(cold, "coppice, chain of 2", "bytes per hop"), 1 << 20);
  EXPECT_GE(CountOf(cold, "coppice, chain of 2", "copies"), CountOf(cold, "coppice", "copies") + 2);
  for (const char* const who : {"passthrough", "coppice", "coppice, chain of 2"}) {
    ExpectSystemCalls(cold, who, "system calls, client", CountOf(cold, who, "FUSE, no IOCTL") / 2);
    // It opens what the mount is asked for.
    ExpectSystemCalls(cold, who, "system calls, import", CountOf(cold, who, "READ") / 2);
  }
  for (const char* const who : {"coppice", "coppice, chain of 2"}) {
    ExpectSystemCalls(cold, who, "system calls per peer", CountOf(cold, who, "RPCs") / 2);
  }
  ExpectSystemCalls(warm, "local", "system calls, import", 100);
  EXPECT_EQ(CountOf(warm, "coppice", "origin"), 0);
  EXPECT_LT(CountOf(warm, "coppice", "FUSE, no IOCTL"), CountOf(cold, "coppice", "FUSE, no IOCTL"));
  // The floor was left out: its goals are notes.
  EXPECT_THAT(json_["notes"].dump(), HasSubstr("not measured: import numpy, cold"));
}

TEST_F(BenchSmokeTest, AModuleThatIsNotInstalledIsARowBesideOneThatIs) {
  ASSERT_NO_FATAL_FAILURE(Run("import", {"--module=nosuchmodule,decimal", "--only=local",
                                         "--rounds=1", "--warm=1", "--at_once=0"}));
  EXPECT_THAT(RowOf("import nosuchmodule", "local")["absent"].get<std::string>(),
              HasSubstr("python3-nosuchmodule"));
  RowOf("import decimal, warm", "local");
}

TEST_F(BenchSmokeTest, AModuleThatIsNotInstalledIsAFailureWhenNothingElseWasMeasured) {
  const ProgramRun run = RunProgram("bench/import", {"--module=nosuchmodule", "--only=local"});
  EXPECT_EQ(run.end.code, 1);
  EXPECT_THAT(run.standard_error, HasSubstr("nothing was measured"));
  EXPECT_THAT(run.standard_error, HasSubstr("ModuleNotFoundError: No module named 'nosuchmodule'"));
  EXPECT_THAT(run.standard_error, HasSubstr("install the Debian package python3-nosuchmodule"));
  EXPECT_THAT(run.standard_error, Not(HasSubstr("Traceback")));
}

// The goal stays against the stream alone.
TEST_F(BenchSmokeTest, HopMeasuresTarUntilItsFilesAreReadWithoutAGoal) {
  ASSERT_NO_FATAL_FAILURE(
      Run("hop/hop", {"--size=0", "--files=150", "--chains=1,2", "--rounds=1"}));
  const std::string unpacked = "tar over TCP, unpacked and read";
  for (const char* const hops : {"hops: 1", "hops: 2"}) {
    const std::string name = absl::StrCat("150 files of 4 KiB, ", hops);
    const Json read = RowOf(name, unpacked);
    if (read.contains("absent")) {
      GTEST_LOG_(WARNING) << "NOT TESTED, on this machine it is absent: " << read["absent"];
    } else {
      EXPECT_EQ(read["unit"], "B/s");
      EXPECT_EQ(RowOf(name, "tar over TCP")["unit"], "B/s");
    }
  }
  EXPECT_THAT(json_["notes"].dump(),
              HasSubstr("150 files of 4 KiB, hops: 2: mount, time / " + unpacked));
  for (const Json& goal : json_["goals"]) {
    EXPECT_THAT(goal["name"].get<std::string>(), Not(HasSubstr(unpacked)));
  }
}

TEST_F(BenchSmokeTest, MistakesOnTheCommandLineEndWithTwoAndHelpWithNone) {
  for (const std::string program : {"bench/import", "bench/mount_floor"}) {
    EXPECT_EQ(RunProgram(program, {"--rounds=0"}).end.code, 2);
    EXPECT_EQ(RunProgram(program, {"--no_such_flag"}).end.code, 2);
    const ProgramRun help = RunProgram(program, {"--help"});
    EXPECT_TRUE(help.end.success());
    EXPECT_THAT(help.standard_output, HasSubstr("Examples:"));
    EXPECT_THAT(help.standard_output, HasSubstr("Exit codes:"));
  }
  EXPECT_EQ(RunProgram("bench/import", {"--only=nobody"}).end.code, 2);
  EXPECT_EQ(RunProgram("bench/import", {"--module=a;b"}).end.code, 2);
  EXPECT_EQ(RunProgram("bench/mount_floor", {"--size=3"}).end.code, 2);
}

TEST_F(BenchSmokeTest, AnInterruptedRunLeavesNothingBehind) {
  const auto temporary = ScratchDirectory::Make("/tmp");
  ASSERT_TRUE(temporary.ok()) << temporary.status();
  const std::string log = temporary->File("log");
  ASSERT_EQ(mkfifo(log.c_str(), 0600), 0);
  const FileDescriptor reader(open(log.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(reader.valid());
  const auto directory = temporary->MakeDirectory("t");
  ASSERT_TRUE(directory.ok());
  auto program = ChildProcess::Start(
      {.arguments = {std::filesystem::canonical("bench/mount_floor").string(), "--size=1MiB",
                     "--files=30", "--processes=1", "--rounds=1000", "--json"},
       .environment = {"TMPDIR=" + *directory, "PATH=/usr/bin:/bin"},
       .log_file = log});
  ASSERT_TRUE(program.ok()) << program.status();

  const WaitLimits limits = {.deadline = absl::Now() + kInterruptedMax};
  std::string said;
  while (!absl::StrContains(said, "round 2")) {
    const auto readable = WaitReadable({reader.get(), program->pid_descriptor()}, limits);
    ASSERT_TRUE(readable.ok()) << readable.status() << " after: " << said;
    ASSERT_EQ(*readable, 0u) << "it has ended: " << said;
    std::array<char, 4096> buffer;
    const ssize_t count = read(reader.get(), buffer.data(), buffer.size());
    ASSERT_GT(count, 0) << said;
    said.append(buffer.data(), count);
  }
  ASSERT_EQ(kill(program->pid(), SIGTERM), 0);
  const auto end = program->Wait(limits);
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->code, 1) << end->Describe();
  EXPECT_TRUE(std::filesystem::is_empty(*directory));
  const auto mounts = ReadMountTable();
  ASSERT_TRUE(mounts.ok()) << mounts.status();
  for (const Mount& mount : *mounts) {
    EXPECT_FALSE(absl::StartsWith(mount.mount_point, *directory)) << mount.mount_point;
  }
}

}  // namespace
}  // namespace coppice
