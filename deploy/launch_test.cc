// launch and stop as a user runs them, with the real programs and mounts.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"
#include "deploy/descriptor_wait.h"
#include "deploy/mount_table.h"
#include "deploy/process_identity.h"
#include "deploy/service_record.h"
#include "deploy/testing/program_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

class LaunchTest : public testing::Test {
 protected:
  // In /tmp: the test's own directory has a name too long for a socket.
  LaunchTest() : top_(MakeTop()) {
    std::filesystem::create_directory(top_ + "/data");
    std::ofstream(top_ + "/data/file") << "what the file says";
  }
  void SetUp() override {
    const FileDescriptor fuse(open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!fuse.valid()) GTEST_SKIP() << "NOT TESTED: /dev/fuse cannot be opened on this machine";
  }
  ~LaunchTest() override {
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
  ProgramRun Launch(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"--mount=" + mount_, "--export_root=" + export_root_,
                                          "--state_root=" + state_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram("deploy/launch", arguments);
  }
  ProgramRun Stop() { return RunProgram("deploy/stop", {"--state_root=" + state_}); }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }
  // Kills all processes of one kind, as the kernel does when memory runs out.
  void Kill(ProcessRole role) {
    const auto record = ParseServiceRecord(Read(state_ + "/local/service.json"));
    ASSERT_TRUE(record.ok()) << record.status();
    for (const ProcessRecord& process : record->processes) {
      if (process.role != role) continue;
      const auto pidfd = OpenProcess(process.identity);
      ASSERT_TRUE(pidfd.ok()) << pidfd.status();
      ASSERT_EQ(kill(process.identity.pid, SIGKILL), 0);
      ASSERT_TRUE(WaitReadable({pidfd->get()}, {}).ok());
    }
  }
  void ExpectNothingLeft() {
    EXPECT_EQ(*MountTypeAt(mount_), "");
    EXPECT_FALSE(std::filesystem::exists(mount_));
    EXPECT_FALSE(std::filesystem::exists(state_));
  }

  const std::string top_;
  std::string export_root_ = top_ + "/data";
  const std::string mount_ = top_ + "/mount";
  const std::string state_ = top_ + "/state";
};

TEST_F(LaunchTest, EachNodeReadsTheExportedFilesAndStopEndsThemAll) {
  const ProgramRun launch = Launch({"--local=3"});
  ASSERT_TRUE(launch.end.success()) << launch.standard_error;
  for (const char* node : {"node0", "node1", "node2"}) {
    EXPECT_EQ(Read(mount_ + "/" + node + "/file"), "what the file says");
    EXPECT_THAT(launch.standard_output, HasSubstr(mount_ + "/" + node));
    EXPECT_THAT(launch.standard_output, HasSubstr(state_ + "/local/" + node + "/peer.sock"));
  }
  EXPECT_THAT(launch.standard_output, HasSubstr("127.0.0.1:"));
  const ProgramRun stop = Stop();
  EXPECT_TRUE(stop.end.success()) << stop.standard_error;
  ExpectNothingLeft();
}

TEST_F(LaunchTest, StopTwiceIsNoErrorAndSaysThatNothingRuns) {
  ASSERT_TRUE(Launch().end.success());
  EXPECT_TRUE(Stop().end.success());
  const ProgramRun again = Stop();
  EXPECT_TRUE(again.end.success());
  EXPECT_THAT(again.standard_error, HasSubstr("nothing is running"));
}

TEST_F(LaunchTest, ASecondLaunchNamesStopAndLeavesTheFirstAlone) {
  ASSERT_TRUE(Launch().end.success());
  const ProgramRun second = Launch();
  EXPECT_EQ(second.end.code, 1);
  EXPECT_THAT(second.standard_error, HasSubstr("bazel run //deploy:stop"));
  EXPECT_EQ(Read(mount_ + "/file"), "what the file says");
}

TEST_F(LaunchTest, AnotherServiceCannotMountOverTheFirst) {
  ASSERT_TRUE(Launch().end.success());
  const ProgramRun second = Launch({"--name=second"});
  EXPECT_EQ(second.end.code, 1);
  EXPECT_THAT(second.standard_error, HasSubstr("already mounted at '" + mount_));
  EXPECT_EQ(Read(mount_ + "/file"), "what the file says");
}

TEST_F(LaunchTest, TwoServicesLiveBesideEachOther) {
  ASSERT_TRUE(Launch().end.success());
  const ProgramRun second =
      RunProgram("deploy/launch", {"--name=second", "--mount=" + top_ + "/second",
                                   "--export_root=" + export_root_, "--state_root=" + state_});
  ASSERT_TRUE(second.end.success()) << second.standard_error;
  EXPECT_EQ(Read(top_ + "/second/file"), "what the file says");
  EXPECT_TRUE(Stop().end.success());
  ExpectNothingLeft();
}

TEST_F(LaunchTest, StopCleansUpAfterClientsThatWereKilled) {
  ASSERT_TRUE(Launch().end.success());
  Kill(ProcessRole::kClient);
  const ProgramRun stop = Stop();
  EXPECT_TRUE(stop.end.success()) << stop.standard_error;
  ExpectNothingLeft();
}

TEST_F(LaunchTest, StopCleansUpAfterPeersThatWereKilled) {
  ASSERT_TRUE(Launch().end.success());
  Kill(ProcessRole::kPeer);
  const ProgramRun stop = Stop();
  EXPECT_TRUE(stop.end.success()) << stop.standard_error;
  ExpectNothingLeft();
}

TEST_F(LaunchTest, ALaunchOntoADeadMountSaysHowToRemoveIt) {
  ASSERT_TRUE(Launch().end.success());
  Kill(ProcessRole::kClient);
  const ProgramRun launch = Launch({"--name=second"});
  EXPECT_EQ(launch.end.code, 1);
  EXPECT_THAT(launch.standard_error, HasSubstr("fusermount3 -u " + mount_));
}

TEST_F(LaunchTest, ALaunchAfterEverythingWasKilledCleansUpAndWorks) {
  ASSERT_TRUE(Launch().end.success());
  Kill(ProcessRole::kClient);
  Kill(ProcessRole::kPeer);
  const ProgramRun launch = Launch();
  ASSERT_TRUE(launch.end.success()) << launch.standard_error;
  EXPECT_EQ(Read(mount_ + "/file"), "what the file says");
}

TEST_F(LaunchTest, AMountInUseIsDetachedAndThatIsSaid) {
  ASSERT_TRUE(Launch().end.success());
  const FileDescriptor user(open((mount_ + "/file").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(user.valid());
  const ProgramRun stop = Stop();
  EXPECT_TRUE(stop.end.success()) << stop.standard_error;
  EXPECT_THAT(stop.standard_error, HasSubstr(mount_ + " is in use"));
  ExpectNothingLeft();
}

TEST_F(LaunchTest, AMountDirectoryThatWasThereStays) {
  std::filesystem::create_directory(mount_);
  ASSERT_TRUE(Launch().end.success());
  EXPECT_TRUE(Stop().end.success());
  EXPECT_TRUE(std::filesystem::is_empty(mount_));
}

TEST_F(LaunchTest, ARelativeMountIsRelativeToWhereTheUserIs) {
  const ProgramRun launch =
      RunProgram("deploy/launch", {"--mount=mount", "--export_root=data", "--state_root=" + state_},
                 {"BUILD_WORKING_DIRECTORY=" + top_});
  ASSERT_TRUE(launch.end.success()) << launch.standard_error;
  EXPECT_EQ(Read(mount_ + "/file"), "what the file says");
}

TEST_F(LaunchTest, AnExportRootThatIsMissingFailsWithTheNodeAndItsReason) {
  export_root_ = top_ + "/missing";
  const ProgramRun launch = Launch();
  EXPECT_EQ(launch.end.code, 1);
  EXPECT_THAT(launch.standard_error, HasSubstr("node0: peer_server"));
  EXPECT_THAT(launch.standard_error, HasSubstr(top_ + "/missing"));
  ExpectNothingLeft();
}

TEST_F(LaunchTest, MistakesOnTheCommandLineEndWithTwo) {
  EXPECT_EQ(Launch({"--local=none"}).end.code, 2);
  EXPECT_EQ(RunProgram("deploy/stop", {"--unknown"}).end.code, 2);
  EXPECT_EQ(RunProgram("deploy/stop", {"--name=a/b"}).end.code, 2);
}

TEST_F(LaunchTest, HelpTeachesByExamples) {
  for (const char* program : {"deploy/launch", "deploy/stop", "deploy/demo"}) {
    const ProgramRun help = RunProgram(program, {"--help"});
    EXPECT_TRUE(help.end.success());
    EXPECT_THAT(help.standard_output, HasSubstr(absl::StrCat("bazel run //", "deploy:")));
  }
}

}  // namespace
}  // namespace coppice
