// The coppice command as a user has it, with real mounts: launch, env in a real shell, run, status,
// tree, stats, invalidate, stop.
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
#include "nlohmann/json.hpp"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kProgram[] = "deploy/coppice/coppice";

class CoppiceTest : public testing::Test {
 protected:
  // In /tmp: the test's own directory has a name too long for a socket.
  CoppiceTest() : top_(MakeTop()) {
    std::filesystem::create_directories(packages_ + "/greeting");
    Write(packages_ + "/greeting/__init__.py", "text = 'hello'\n");
  }
  void SetUp() override {
    const FileDescriptor fuse(open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!fuse.valid()) GTEST_SKIP() << "NOT TESTED: /dev/fuse cannot be opened on this machine";
  }
  ~CoppiceTest() override {
    Coppice("stop");
    if (*MountTypeAt(mount_) == "") std::filesystem::remove_all(top_);
  }

  static std::string MakeTop() {
    std::string top = "/tmp/coppice_test.XXXXXX";
    EXPECT_NE(mkdtemp(top.data()), nullptr);
    return top;
  }
  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }
  // With this test's own state.
  ProgramRun Coppice(const std::string& verb, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {verb, "--state_root=" + state_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(kProgram, arguments, {"HOME=/nonexistent"});
  }
  void Launch() {
    const ProgramRun launch =
        Coppice("launch", {"--mount=" + mount_, "--export_root=" + top_ + "/data"});
    ASSERT_TRUE(launch.end.success()) << launch.standard_error;
    EXPECT_THAT(launch.standard_error, HasSubstr("coppice stop"));
    EXPECT_THAT(launch.standard_error, Not(HasSubstr("bazel")));
  }
  void KillClient() {
    const auto record = ParseServiceRecord(Read(state_ + "/local/service.json"));
    ASSERT_TRUE(record.ok()) << record.status();
    for (const ProcessRecord& process : record->processes) {
      if (process.role != ProcessRole::kClient) continue;
      const auto pidfd = OpenProcess(process.identity);
      ASSERT_TRUE(pidfd.ok()) << pidfd.status();
      ASSERT_EQ(kill(process.identity.pid, SIGKILL), 0);
      ASSERT_TRUE(WaitReadable({pidfd->get()}, {}).ok());
    }
  }

  const std::string top_;
  const std::string packages_ = top_ + "/data/packages";
  const std::string mount_ = top_ + "/mount";
  const std::string state_ = top_ + "/state";
};

TEST_F(CoppiceTest, ASessionFromLaunchToStop) {
  EXPECT_EQ(Coppice("status").end.code, 1);
  Launch();
  const ProgramRun status = Coppice("status");
  EXPECT_EQ(status.end.code, 0) << status.standard_output << status.standard_error;
  EXPECT_THAT(status.standard_output, HasSubstr("well"));

  // A real shell takes what env prints, and Python finds the package through the mount.
  const ProgramRun env = Coppice("env", {"--prefix=" + packages_});
  ASSERT_EQ(env.end.code, 0) << env.standard_error;
  const std::string import = "import greeting; print(greeting.text, greeting.__file__)";
  Write(top_ + "/job.sh", absl::StrCat(env.standard_output, "python3 -c '", import, "'\n"));
  const ProgramRun job = RunProgram("/bin/sh", {top_ + "/job.sh"});
  EXPECT_EQ(job.standard_output, absl::StrCat("hello ", mount_, "/packages/greeting/__init__.py\n"))
      << job.standard_error;

  const ProgramRun run =
      Coppice("run", {"--prefix=" + packages_, "--", "/usr/bin/python3", "-c", import});
  EXPECT_EQ(run.standard_output, job.standard_output) << run.standard_error;

  const auto json = nlohmann::json::parse(Coppice("status", {"--json"}).standard_output);
  EXPECT_TRUE(json["well"]);
  EXPECT_GT(json["nodes"][0]["requests"], 0);
  const ProgramRun stop = Coppice("stop");
  EXPECT_TRUE(stop.end.success()) << stop.standard_error;
  EXPECT_EQ(*MountTypeAt(mount_), "");
}

TEST_F(CoppiceTest, TheExitCodeOfAProgramIsItsOwnAndAMissingOneIs127) {
  Launch();
  EXPECT_EQ(Coppice("run", {"--prefix=" + packages_, "--", "/bin/sh", "-c", "exit 7"}).end.code, 7);
  EXPECT_EQ(Coppice("run", {"--prefix=" + packages_, "--", "/no/such/program"}).end.code, 127);
  EXPECT_EQ(Coppice("run", {"--prefix=" + packages_}).end.code, 2);
  EXPECT_EQ(Coppice("run", {"--", "/bin/true"}).end.code, 2);
}

TEST_F(CoppiceTest, ACondaEnvironmentIsActivatedWithItsScripts) {
  const std::string conda = top_ + "/data/conda";
  for (const char* folder : {"/conda-meta", "/bin", "/etc/conda/activate.d"}) {
    std::filesystem::create_directories(conda + folder);
  }
  Write(conda + "/etc/conda/activate.d/a.sh", "export FROM_SCRIPT=$CONDA_PREFIX\n");
  Launch();
  const std::string ask = "echo $FROM_SCRIPT $CONDA_DEFAULT_ENV $PATH";
  const std::string seen = mount_ + "/conda";
  const ProgramRun env = Coppice("env", {"--prefix=" + conda});
  Write(top_ + "/job.sh", absl::StrCat(env.standard_output, ask, "\n"));
  for (const ProgramRun& run :
       {RunProgram("/bin/sh", {top_ + "/job.sh"}),
        Coppice("run", {"--prefix=" + conda, "--", "/bin/sh", "-c", ask})}) {
    EXPECT_THAT(run.standard_output, StartsWith(absl::StrCat(seen, " ", seen, " ", seen, "/bin:")))
        << run.standard_error;
  }
}

TEST_F(CoppiceTest, StatusNamesWhatDiedAndEndsWithThree) {
  Launch();
  KillClient();
  // A mount whose client is gone stays in the table; the process does not.
  const ProgramRun status = Coppice("status");
  EXPECT_EQ(status.end.code, 3);
  EXPECT_THAT(status.standard_output, HasSubstr("fuse_client is gone"));
  const ProgramRun env = Coppice("env", {"--prefix=" + packages_});
  EXPECT_EQ(env.end.code, 1);
  EXPECT_THAT(env.standard_error, HasSubstr("'coppice stop' and 'coppice launch'"));
}

TEST_F(CoppiceTest, WithoutAMountEnvNamesTheCure) {
  const ProgramRun env = Coppice("env", {"--prefix=" + packages_, "--mount=" + mount_});
  EXPECT_EQ(env.end.code, 1);
  EXPECT_EQ(env.standard_output, "");
  EXPECT_THAT(env.standard_error, HasSubstr("coppice launch"));
}

TEST_F(CoppiceTest, APathOutsideTheExportRootIsSaidToMissTheMount) {
  Launch();
  const ProgramRun env = Coppice("env", {"--prefix=/usr"});
  EXPECT_EQ(env.end.code, 1);
  EXPECT_THAT(env.standard_error, HasSubstr(top_ + "/data"));
}

TEST_F(CoppiceTest, TreeStatsAndInvalidateAskTheRunningPeers) {
  const ProgramRun launch = Coppice("launch", {"--local=3", "--fanout=2", "--mount=" + mount_,
                                               "--export_root=" + top_ + "/data"});
  ASSERT_TRUE(launch.end.success()) << launch.standard_error;
  // A child asks its parent, the root, and so draws the whole.
  const ProgramRun tree = Coppice("tree", {"--node=node2"});
  EXPECT_EQ(tree.end.code, 0) << tree.standard_error;
  EXPECT_THAT(tree.standard_output, StartsWith("3 nodes, fan-out 2, showing " + top_ + "/data\n"));
  EXPECT_THAT(tree.standard_output, HasSubstr("\nnode0  127.0.0.1:"));
  EXPECT_THAT(tree.standard_output, HasSubstr("\n  node1  127.0.0.1:"));
  EXPECT_THAT(tree.standard_output, HasSubstr("\n  node2  127.0.0.1:"));

  EXPECT_EQ(Coppice("tree", {"--tree=1"}).end.code, 2);
  EXPECT_EQ(Coppice("tree", {"--tree=first"}).end.code, 2);

  const std::string file = mount_ + "/node2/packages/greeting/__init__.py";
  EXPECT_EQ(Read(file), "text = 'hello'\n");
  EXPECT_THAT(Coppice("stats", {"--node=node2"}).standard_output, HasSubstr("block_cache"));
  EXPECT_EQ(Coppice("stats", {"--layer=none"}).end.code, 1);
  Write(packages_ + "/greeting/__init__.py", "text = 'other'\n");
  const ProgramRun forget = Coppice("invalidate", {"--recursive", packages_});
  EXPECT_EQ(forget.end.code, 0) << forget.standard_error;
  EXPECT_THAT(forget.standard_output, HasSubstr("3 nodes and 3 mounts"));
  EXPECT_EQ(Read(file), "text = 'other'\n");
  EXPECT_EQ(Coppice("invalidate", {"/elsewhere"}).end.code, 1);
}

TEST_F(CoppiceTest, EachOfSeveralTreesIsDrawnFromItsOwnRoot) {
  const ProgramRun launch = Coppice("launch", {"--local=3", "--fanout=2", "--trees=2",
                                               "--mount=" + mount_, "--export_root=" + top_});
  ASSERT_TRUE(launch.end.success()) << launch.standard_error;
  const ProgramRun both = Coppice("tree");
  EXPECT_EQ(both.end.code, 0) << both.standard_error;
  EXPECT_THAT(both.standard_output, StartsWith("3 nodes, 2 trees, fan-out 2"));
  EXPECT_THAT(both.standard_output, HasSubstr("\ntree 0:\nnode0  127.0.0.1:"));
  EXPECT_THAT(both.standard_output, HasSubstr("\ntree 1:\nnode1  127.0.0.1:"));
  const ProgramRun second = Coppice("tree", {"--tree=1"});
  EXPECT_THAT(second.standard_output, HasSubstr("\ntree 1:\nnode1  127.0.0.1:"));
  EXPECT_THAT(second.standard_output, HasSubstr("\n  node0  127.0.0.1:"));
  EXPECT_THAT(second.standard_output, Not(HasSubstr("tree 0:")));
}

TEST_F(CoppiceTest, HelpListsTheVerbsAndEachTeaches) {
  const ProgramRun help = RunProgram(kProgram, {"help"});
  EXPECT_TRUE(help.end.success());
  for (const char* verb :
       {"launch", "stop", "status", "env", "run", "warm", "tree", "stats", "invalidate"}) {
    EXPECT_THAT(help.standard_output, HasSubstr(absl::StrCat("\n  ", verb, " ")));
    const ProgramRun one = RunProgram(kProgram, {verb, "--help"});
    EXPECT_TRUE(one.end.success());
    EXPECT_THAT(one.standard_output, HasSubstr(absl::StrCat("Usage: coppice ", verb)));
    EXPECT_EQ(RunProgram(kProgram, {"help", verb}).standard_output, one.standard_output);
  }
  EXPECT_EQ(RunProgram(kProgram, {"dance"}).end.code, 2);
  EXPECT_EQ(RunProgram(kProgram, {}).end.code, 2);
  EXPECT_EQ(RunProgram(kProgram, {"status", "--unknown"}).end.code, 2);
  EXPECT_THAT(RunProgram(kProgram, {"--version"}).standard_output, StartsWith("coppice "));
}

}  // namespace
}  // namespace coppice
