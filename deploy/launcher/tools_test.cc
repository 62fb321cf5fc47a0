// The tools as programs: scripts on a PATH of the test's own that write down what they are given.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/time/clock.h"
#include "deploy/launcher/find_tool.h"
#include "deploy/launcher/host_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ToolsTest : public testing::Test {
 protected:
  ToolsTest() {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_ + "/out");
  }

  void Install(const std::string& name, const std::string& script) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << "#!/bin/sh\n"
                        << "printf '%s ' \"$@\" >> " << directory_ << "/arguments\n"
                        << script << "\n";
    chmod(path.c_str(), 0755);
  }

  std::string Arguments() const {
    std::ifstream file(directory_ + "/arguments");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::unique_ptr<LauncherTool> Find(const std::string& launcher, const std::string& job = "") {
    auto tool = FindTool(launcher, job, directory_);
    EXPECT_TRUE(tool.ok()) << tool.status();
    return *std::move(tool);
  }

  std::unique_ptr<HostRun> MakeRun(const LauncherTool& tool) {
    auto run = HostRun::Create(tool,
                               {.arguments = {"/opt/coppice_node", "start", "job"},
                                .hosts = {"n1", "n2"},
                                .host_file = "/shared/hosts"},
                               directory_ + "/out/start-");
    EXPECT_TRUE(run.ok()) << run.status();
    return *std::move(run);
  }

  static absl::Status RunAll(HostRun& run) {
    return run.Run([](const HostOutcomes&) { return true; },
                   {.deadline = absl::Now() + absl::Minutes(1)});
  }

  const std::string directory_ = testing::TempDir() + "/tools";
};

TEST_F(ToolsTest, AutoTakesTheFirstThatIsInstalledAndSrunInASlurmJob) {
  for (const char* name : {"ssh", "mpiexec", "pdsh", "clush", "srun"}) {
    Install(name, "");
    EXPECT_EQ(Find("auto", "7")->name(), name);
  }
  EXPECT_EQ(Find("auto")->name(), "clush");
}

TEST_F(ToolsTest, AMissingToolIsNamedWithTheWayOut) {
  const auto tool = FindTool("pdsh", "", directory_);
  EXPECT_EQ(tool.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(tool.status().message()),
              AllOf(HasSubstr("pdsh"), HasSubstr("--launcher")));
}

TEST_F(ToolsTest, SshIsRunOnceForEachHostAndTellsItItsName) {
  Install(
      "ssh",
      "case \"$*\" in *n1*) echo 'coppice: n1: started';; *) echo 'no way' >&2; exit 255;; esac");
  const auto tool = Find("ssh");
  auto run = MakeRun(*tool);
  EXPECT_TRUE(RunAll(*run).ok());
  EXPECT_EQ(run->outcomes()[0].state, NodeState::kStarted);
  EXPECT_EQ(run->outcomes()[1].reason, "no way");
  EXPECT_THAT(Arguments(), AllOf(HasSubstr("BatchMode=yes"), HasSubstr("--host=n1"),
                                 HasSubstr("-- n2 /opt/coppice_node start job --host=n2")));
  // The host is settled by its line; its process may end a little later.
  run.reset();
  EXPECT_TRUE(std::filesystem::is_empty(directory_ + "/out"));
}

TEST_F(ToolsTest, ClushAndPdshAreGivenTheHostFile) {
  for (const char* name : {"clush", "pdsh"}) {
    Install(
        name,
        "echo 'n1: coppice: n1: started'; echo 'n2: ssh: connect to host n2 port 22: Connection "
        "refused'");
    const auto tool = Find(name);
    EXPECT_FALSE(tool->must_stay());
    const auto run = MakeRun(*tool);
    EXPECT_TRUE(RunAll(*run).ok());
    EXPECT_EQ(run->outcomes()[1].reason, "ssh: connection refused");
  }
  EXPECT_THAT(Arguments(), AllOf(HasSubstr("--hostfile=/shared/hosts"), HasSubstr("^/shared/hosts"),
                                 HasSubstr("-R ssh")));
}

TEST_F(ToolsTest, AToolThatMustStayIsLeftRunningAndKeepsItsOutput) {
  // Runs until somebody writes into the pipe.
  Install("srun", "echo '0: coppice: n1: started'; echo '1: coppice: n2: started'; read line < " +
                      directory_ + "/end");
  ASSERT_EQ(mkfifo((directory_ + "/end").c_str(), 0600), 0);
  const auto tool = Find("srun", "77");
  EXPECT_TRUE(tool->must_stay());
  {
    const auto run = MakeRun(*tool);
    EXPECT_TRUE(RunAll(*run).ok());
    EXPECT_EQ(run->outcomes().count(NodeState::kStarted), 2u);
    EXPECT_EQ(run->processes().size(), 1u);
    run->Detach();
  }
  // Opens only since it still reads.
  std::ofstream(directory_ + "/end") << "end\n";
  EXPECT_THAT(Arguments(), AllOf(HasSubstr("--overlap"), HasSubstr("--jobid=77"),
                                 HasSubstr("--nodelist=/shared/hosts"), HasSubstr("--no-kill")));
}

TEST_F(ToolsTest, TheDialectOfMpiexecIsFoundByItsVersion) {
  const auto last_words = [this](const char* version) {
    std::filesystem::remove(directory_ + "/arguments");
    Install("mpiexec", std::string("case $1 in --version) echo '") + version +
                           "'; exit;; esac; printf 'rsh=%s ' \"$OMPI_MCA_plm_rsh_args\" >> " +
                           directory_ + "/arguments; echo '[0] coppice: n1: started'");
    const auto tool = Find("mpiexec");
    const auto run = MakeRun(*tool);
    EXPECT_TRUE(RunAll(*run).ok());
    EXPECT_THAT(run->outcomes()[1].reason, HasSubstr("mpiexec ended"));
    return Arguments();
  };
  EXPECT_THAT(last_words("HYDRA build details:"), HasSubstr("-f /shared/hosts -n 2 -ppn 1"));
  EXPECT_THAT(last_words("mpirun (Open MPI) 4.1.4"),
              AllOf(HasSubstr("--hostfile /shared/hosts -n 2 -N 1"),
                    HasSubstr("rsh=-oBatchMode=yes -oConnectTimeout=")));
  EXPECT_THAT(last_words("PALS 1.2"), HasSubstr("--hostfile /shared/hosts -n 2 --ppn 1"));
}

TEST_F(ToolsTest, ATimeThatRunsOutEndsTheTool) {
  Install("clush", "read line < " + directory_ + "/end");
  ASSERT_EQ(mkfifo((directory_ + "/end").c_str(), 0600), 0);
  const auto tool = Find("clush");
  const auto run = MakeRun(*tool);
  const absl::Status status = run->Run([](const HostOutcomes&) { return true; },
                                       {.deadline = absl::Now() + absl::Milliseconds(50)});
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace coppice
