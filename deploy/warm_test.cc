// A recording from its making to its replay, with the real programs and mounts.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "deploy/mount_table.h"
#include "deploy/mount_warming.h"
#include "deploy/service_record.h"
#include "deploy/testing/program_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class WarmTest : public testing::Test {
 protected:
  // In /tmp: the test's own directory has a name too long for a socket.
  WarmTest() : top_(MakeTop()) {
    std::filesystem::create_directories(top_ + "/data/d");
    std::ofstream(top_ + "/data/d/file") << "what the file says";
    std::filesystem::create_symlink("file", top_ + "/data/d/link");
  }
  void SetUp() override {
    const FileDescriptor fuse(open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!fuse.valid()) GTEST_SKIP() << "NOT TESTED: /dev/fuse cannot be opened on this machine";
  }
  ~WarmTest() override {
    Stop();
    // Nothing is mounted below any more; if it were, this must not go into it.
    if (*MountTypeAt(mount_ + "/node0") == "" && *MountTypeAt(mount_) == "") {
      std::filesystem::remove_all(top_);
    }
  }

  static std::string MakeTop() {
    std::string top = "/tmp/coppice_test.XXXXXX";
    EXPECT_NE(mkdtemp(top.data()), nullptr);
    return top;
  }
  ProgramRun Launch(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"--mount=" + mount_, "--export_root=" + top_ + "/data",
                                          "--state_root=" + state_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram("deploy/launch", arguments);
  }
  ProgramRun Stop() { return RunProgram("deploy/stop", {"--state_root=" + state_}); }
  ProgramRun Warm(const std::string& mount) {
    return RunProgram("deploy/warm", {"--trace=" + trace_, mount});
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }
  // What a program does that searches for a file and reads it through a link.
  void UseMount() {
    struct stat ignored;
    EXPECT_NE(stat((mount_ + "/d/file.so").c_str(), &ignored), 0);
    EXPECT_EQ(Read(mount_ + "/d/link"), "what the file says");
  }
  void Record() {
    ASSERT_TRUE(Launch({"--record=" + trace_}).end.success());
    UseMount();
    ASSERT_TRUE(Stop().end.success());
  }

  const std::string top_;
  const std::string mount_ = top_ + "/mount";
  const std::string state_ = top_ + "/state";
  const std::string trace_ = top_ + "/trace";
};

TEST_F(WarmTest, WhatWasReadThroughTheMountIsWrittenDownWhenItEnds) {
  Record();
  EXPECT_THAT(Read(trace_), AllOf(HasSubstr("coppice-trace 1\n"), HasSubstr("missing d/file.so\n"),
                                  HasSubstr("link d/link\n"), HasSubstr("target d/link\n"),
                                  HasSubstr("file d/file\n"), HasSubstr("read 0 18 d/file\n"),
                                  HasSubstr("\nend ")));
}

TEST_F(WarmTest, ARunningMountWritesWhatItHasOnASignal) {
  ASSERT_TRUE(Launch({"--record=" + trace_}).end.success());
  UseMount();
  const auto record = ParseServiceRecord(Read(state_ + "/local/service.json"));
  ASSERT_TRUE(record.ok()) << record.status();
  for (const ProcessRecord& process : record->processes) {
    if (process.role != ProcessRole::kClient) continue;
    ASSERT_EQ(kill(process.identity.pid, SIGUSR1), 0);
  }
  // It is written at some moment after the signal, whole.
  while (Read(trace_).empty()) std::this_thread::yield();
  EXPECT_THAT(Read(trace_), HasSubstr("read 0 18 d/file\n"));
  EXPECT_EQ(Read(mount_ + "/d/file"), "what the file says");
}

TEST_F(WarmTest, ARecordingThatCannotBeWrittenIsAnErrorAtTheStart) {
  const ProgramRun launch = Launch({"--record=" + top_ + "/no/trace"});
  EXPECT_EQ(launch.end.code, 1);
  EXPECT_THAT(launch.standard_error, HasSubstr(top_ + "/no/trace"));
}

TEST_F(WarmTest, LaunchWarmsEveryNodeBeforeItSaysThatTheyAreThere) {
  Record();
  const ProgramRun launch = Launch({"--local=3", "--warm=" + trace_});
  ASSERT_TRUE(launch.end.success()) << launch.standard_error;
  for (const char* node : {"node0", "node1", "node2"}) {
    EXPECT_THAT(launch.standard_error,
                HasSubstr(absl::StrCat(node, ": 2 names, 1 missing names, ")));
    // What was not read again would be gone.
    EXPECT_EQ(Read(absl::StrCat(mount_, "/", node, "/d/file")), "what the file says");
  }
  EXPECT_THAT(launch.standard_error, Not(HasSubstr("no longer fit")));
  EXPECT_THAT(launch.standard_output, HasSubstr("node2"));
}

TEST_F(WarmTest, ATraceThatIsNoneStartsNothing) {
  std::ofstream(trace_) << "coppice-trace 1\nfolder d\nend 1\n";
  const ProgramRun launch = Launch({"--warm=" + trace_});
  EXPECT_EQ(launch.end.code, 1);
  EXPECT_THAT(launch.standard_error, HasSubstr("line 2: no touch is called 'folder'"));
  EXPECT_FALSE(std::filesystem::exists(state_));
}

TEST_F(WarmTest, ATraceThatNoLongerFitsIsReportedAndNotFatal) {
  Record();
  std::filesystem::remove(top_ + "/data/d/file");
  std::ofstream(top_ + "/data/d/file.so") << "new";
  ASSERT_TRUE(Launch({}).end.success());
  const ProgramRun warm = Warm(mount_);
  EXPECT_TRUE(warm.end.success());
  EXPECT_THAT(warm.standard_output, HasSubstr("1 names, 0 missing names"));
  EXPECT_THAT(warm.standard_output,
              AllOf(HasSubstr("3 of "), HasSubstr("touches no longer fit the tree"),
                    HasSubstr("'d/file' is missing"), HasSubstr("'d/file.so' exists now")));
}

TEST_F(WarmTest, WhoStartsItForOneMountIsToldHowManyBytesWereRead) {
  Record();
  ASSERT_TRUE(Launch({}).end.success());
  std::vector<uint64_t> progress;
  const absl::Status warmed =
      WarmMount({.program = std::filesystem::absolute("deploy/warm").string(),
                 .trace = trace_,
                 .mount_point = mount_,
                 .log_file = top_ + "/log",
                 .on_progress = [&progress](uint64_t bytes) { progress.push_back(bytes); }},
                {.deadline = absl::Now() + absl::Minutes(1)});
  EXPECT_TRUE(warmed.ok()) << warmed;
  ASSERT_FALSE(progress.empty());
  EXPECT_EQ(progress.back(), 18u);
  EXPECT_THAT(Read(top_ + "/log"), HasSubstr("2 names, 1 missing names"));
}

TEST_F(WarmTest, WithoutAMountThereIsNothingToWarm) {
  std::ofstream(trace_) << "coppice-trace 1\nend 0\n";
  const ProgramRun plain = Warm(top_);
  EXPECT_EQ(plain.end.code, 1);
  EXPECT_THAT(plain.standard_error, HasSubstr("no Coppice is mounted at"));
  EXPECT_EQ(Warm(top_ + "/no").end.code, 1);
  EXPECT_EQ(RunProgram("deploy/warm", {}).end.code, 2);
}

}  // namespace
}  // namespace coppice
