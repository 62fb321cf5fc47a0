#include "deploy/local_service.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/descriptor_wait.h"
#include "deploy/log_tail.h"
#include "deploy/pipe.h"
#include "deploy/process_identity.h"
#include "deploy/service_stop.h"
#include "deploy/state_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LocalServiceTest : public testing::Test {
 protected:
  // In /tmp: the test's own directory has a name too long for a socket.
  LocalServiceTest() : top_("/tmp/coppice_test.XXXXXX") {
    EXPECT_NE(mkdtemp(top_.data()), nullptr);
    const std::string fake =
        std::filesystem::canonical("deploy/testing/fake_node_program").string();
    options_.state_root = top_ + "/state";
    options_.node_count = 3;
    options_.mount_directory = top_ + "/mounts";
    options_.programs = {.peer_server = fake, .fuse_client = fake};
    options_.timeout = absl::Seconds(30);
    options_.progress = [this](absl::string_view text) { progress_.emplace_back(text); };
    options_.report_probe = [this](const std::string& socket, absl::Time) {
      reported_.push_back(socket);
      return report_status_;
    };
    options_.probe = [this](const std::string& mount_point, const NamespaceDescriptors&,
                            const std::string& who, const std::string&, const WaitLimits&) {
      probed_.push_back(absl::StrCat(who, " ", mount_point));
      return probe_status_;
    };
  }
  ~LocalServiceTest() override { std::filesystem::remove_all(top_); }

  absl::Status StartAndFail() {
    auto service = LocalService::Start(options_);
    EXPECT_FALSE(service.ok());
    return service.status();
  }
  void ExpectNothingLeft() {
    EXPECT_FALSE(std::filesystem::exists(options_.state_root));
    EXPECT_FALSE(std::filesystem::exists(options_.mount_directory));
  }
  // What is written down of the running service.
  ServiceRecord Record() {
    std::ifstream file(options_.state_root + "/local/service.json");
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    const auto record = ParseServiceRecord(text);
    EXPECT_TRUE(record.ok()) << record.status();
    return record.ok() ? *record : ServiceRecord();
  }
  absl::Status StopByRecord(absl::Duration grace = absl::Seconds(20)) {
    auto state = StateDirectory::Open(options_.state_root, "local");
    if (!state.ok()) return state.status();
    return StopService(*state, {.grace = grace, .progress = options_.progress});
  }

  std::string top_;
  LocalServiceOptions options_;
  absl::Status probe_status_;
  std::vector<std::string> progress_;
  std::vector<std::string> probed_;
  absl::Status report_status_;
  std::vector<std::string> reported_;  // sockets
};

TEST_F(LocalServiceTest, EveryNodeIsStartedAndItsMountProven) {
  auto service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  EXPECT_EQ(CountRunning(Record()), 6u);
  const std::string mounts = top_ + "/mounts/";
  EXPECT_THAT(probed_, ElementsAre("node0 " + mounts + "node0", "node1 " + mounts + "node1",
                                   "node2 " + mounts + "node2"));
  EXPECT_TRUE(std::filesystem::is_directory(mounts + "node2"));
}

TEST_F(LocalServiceTest, TheProgramsAreToldTheirPlaceAndTheFurtherFlags) {
  options_.peer_flags = {"--export_root=/x"};
  options_.client_flags = {"--allow_other"};
  auto service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  const std::string state = options_.state_root + "/local";
  const std::string peer = LogTail(state + "/node1/peer.log");
  for (const std::string& argument :
       {"--tree=" + state + "/tree", std::string("--node=node1"),
        "--socket=" + state + "/node1/peer.sock", std::string("--export_root=/x")}) {
    EXPECT_THAT(peer, HasSubstr("argument " + argument + "\n"));
  }
  const std::string client = LogTail(state + "/node1/client.log");
  for (const std::string& argument : {"--peer=unix:" + state + "/node1/peer.sock",
                                      std::string("--allow_other"), top_ + "/mounts/node1"}) {
    EXPECT_THAT(client, HasSubstr("argument " + argument + "\n"));
  }
}

TEST_F(LocalServiceTest, ASingleNodeMountsAtTheDirectoryItself) {
  options_.node_count = 1;
  auto service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  EXPECT_EQ((*service)->nodes()[0].mount_point, top_ + "/mounts");
}

TEST_F(LocalServiceTest, StoppingLeavesNothing) {
  auto service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  const ServiceRecord record = Record();
  EXPECT_TRUE((*service)->Stop(/*keep_logs=*/false).ok());
  EXPECT_EQ(CountRunning(record), 0u);
  ExpectNothingLeft();
}

TEST_F(LocalServiceTest, TheLogsCanBeKept) {
  auto service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  const std::string state = (*service)->state_path();
  EXPECT_TRUE((*service)->Stop(/*keep_logs=*/true).ok());
  EXPECT_TRUE(std::filesystem::exists(state + "/node0/peer.log"));
}

TEST_F(LocalServiceTest, ADirectoryThatWasThereBeforeStays) {
  std::filesystem::create_directory(top_ + "/mounts");
  auto service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  EXPECT_TRUE((*service)->Stop(/*keep_logs=*/false).ok());
  EXPECT_TRUE(std::filesystem::is_directory(top_ + "/mounts"));
  EXPECT_TRUE(std::filesystem::is_empty(top_ + "/mounts"));
}

TEST_F(LocalServiceTest, APeerThatDiesIsNamedWithItsLogAndNothingIsLeft) {
  options_.peer_flags = {"--fake=die", "--fake_at=node1"};
  const std::string message(StartAndFail().message());
  EXPECT_THAT(message, HasSubstr("node1: peer_server ended with exit code 9"));
  EXPECT_THAT(message, HasSubstr("the cause of death"));
  ExpectNothingLeft();
}

TEST_F(LocalServiceTest, AClientThatIsSilentIsNamedWhenTheTimeIsUp) {
  options_.client_flags = {"--fake=silent", "--fake_at=node2"};
  options_.timeout = absl::Seconds(2);
  const absl::Status status = StartAndFail();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("node2: fuse_client was not ready"));
  ExpectNothingLeft();
}

TEST_F(LocalServiceTest, AMountThatDoesNotServeFailsTheStart) {
  probe_status_ = absl::DeadlineExceededError("no answer");
  EXPECT_EQ(StartAndFail(), probe_status_);
  ExpectNothingLeft();
}

TEST_F(LocalServiceTest, APeerThatDoesNotReachItsRootsFailsTheStartAndItsNodeIsNamed) {
  report_status_ = absl::UnavailableError("no way to the root of tree 1");
  EXPECT_THAT(std::string(StartAndFail().message()),
              testing::AllOf(HasSubstr("node0"), HasSubstr("no way to the root of tree 1")));
  EXPECT_EQ(reported_.size(), 1u);
  ExpectNothingLeft();
}

TEST_F(LocalServiceTest, AMissingProgramIsNamed) {
  options_.programs.fuse_client = "/no/fuse_client";
  EXPECT_THAT(std::string(StartAndFail().message()), HasSubstr("/no/fuse_client"));
  ExpectNothingLeft();
}

TEST_F(LocalServiceTest, AnInterruptionEndsTheStartAndWhatItStarted) {
  const auto interrupt = OpenPipe();
  ASSERT_TRUE(interrupt.ok());
  ASSERT_EQ(write(interrupt->write_end.get(), "x", 1), 1);
  options_.interrupt_descriptor = interrupt->read_end.get();
  EXPECT_EQ(StartAndFail().code(), absl::StatusCode::kCancelled);
  ExpectNothingLeft();
}

TEST_F(LocalServiceTest, ASocketPathThatLinuxCannotHoldIsRefused) {
  options_.state_root = top_ + "/" + std::string(90, 's');
  const absl::Status status = StartAndFail();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Linux allows 107"));
  ExpectNothingLeft();
}

TEST_F(LocalServiceTest, APortThatSomebodyTookMeanwhileIsReplaced) {
  const std::string marker = top_ + "/stranger";
  options_.peer_flags = {"--fake=lose_port", "--fake_at=--node=node0", "--marker=" + marker};
  auto service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  EXPECT_THAT(progress_, testing::Contains(HasSubstr("its port was taken")));
  EXPECT_EQ(CountRunning(Record()), 6u);
  pid_t stranger = 0;
  std::ifstream(marker) >> stranger;
  ASSERT_GT(stranger, 1);
  kill(stranger, SIGKILL);
}

TEST_F(LocalServiceTest, ADetachedServiceRunsOnAndIsStoppedByItsRecord) {
  auto service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  const ServiceRecord record = Record();
  (*service)->Detach();
  service->reset();
  EXPECT_EQ(CountRunning(record), 6u);
  EXPECT_TRUE(StopByRecord().ok());
  EXPECT_EQ(CountRunning(record), 0u);
  ExpectNothingLeft();
}

TEST_F(LocalServiceTest, ASecondLaunchOfARunningServiceNamesStop) {
  auto service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  (*service)->Detach();
  const absl::Status status = StartAndFail();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr("bazel run //deploy:stop"));
  EXPECT_EQ(CountRunning(Record()), 6u) << "the first is none the worse for it";
  EXPECT_TRUE(StopByRecord().ok());
}

TEST_F(LocalServiceTest, AServiceWhoseProcessesWereKilledIsReplaced) {
  auto service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  for (const ProcessRecord& process : Record().processes) {
    const auto pidfd = OpenProcess(process.identity);
    ASSERT_TRUE(pidfd.ok()) << pidfd.status();
    kill(process.identity.pid, SIGKILL);
    ASSERT_TRUE(WaitReadable({pidfd->get()}, {}).ok());
  }
  (*service)->Detach();
  service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  EXPECT_EQ(CountRunning(Record()), 6u);
}

TEST_F(LocalServiceTest, AProcessThatIgnoresSigtermIsKilledAndThatIsSaid) {
  options_.client_flags = {"--fake=stubborn", "--fake_at=node1"};
  auto service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  const ServiceRecord record = Record();
  (*service)->Detach();
  EXPECT_TRUE(StopByRecord(absl::Milliseconds(300)).ok());
  EXPECT_EQ(CountRunning(record), 0u);
  EXPECT_THAT(progress_, testing::Contains(HasSubstr("node1: fuse_client")));
}

TEST_F(LocalServiceTest, StopNeverTouchesAStrangerWithARecordedNumber) {
  auto service = LocalService::Start(options_);
  ASSERT_TRUE(service.ok()) << service.status();
  EXPECT_TRUE((*service)->Stop(/*keep_logs=*/false).ok());
  auto state = StateDirectory::Create(options_.state_root, "local");
  ASSERT_TRUE(state.ok()) << state.status();
  auto self = IdentifyProcess(getpid());
  ASSERT_TRUE(self.ok()) << self.status();
  ++self->start_ticks;
  const ServiceRecord record = {
      .processes = {{"node0", ProcessRole::kPeer, *self}, {"node0", ProcessRole::kNode, *self}}};
  ASSERT_TRUE(state->WriteFile(kServiceRecordFile, ServiceRecordText(record)).ok());
  EXPECT_TRUE(StopService(*state, {.progress = options_.progress}).ok());
  EXPECT_THAT(progress_, testing::Not(testing::Contains(HasSubstr("killing"))));
}

TEST_F(LocalServiceTest, AStateWithoutARecordIsRemoved) {
  auto state = StateDirectory::Create(options_.state_root, "local");
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_TRUE(StopService(*state, {.progress = options_.progress}).ok());
  ExpectNothingLeft();
}

TEST_F(LocalServiceTest, ABrokenRecordIsAnErrorThatNamesTheFile) {
  auto state = StateDirectory::Create(options_.state_root, "local");
  ASSERT_TRUE(state.ok()) << state.status();
  ASSERT_TRUE(state->WriteFile(kServiceRecordFile, "{").ok());
  EXPECT_THAT(std::string(StopService(*state, {.progress = options_.progress}).message()),
              HasSubstr("service.json"));
}

TEST_F(LocalServiceTest, ThereAreNoServicesOfNoNodes) {
  options_.node_count = 0;
  EXPECT_EQ(StartAndFail().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(probed_, IsEmpty());
}

}  // namespace
}  // namespace coppice
