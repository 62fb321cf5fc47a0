#include "deploy/end_to_end/dynamics/service_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/file_descriptor.h"
#include "deploy/descriptor_wait.h"
#include "deploy/end_to_end/dynamics/await_until.h"
#include "deploy/mount_table.h"
#include "deploy/pidfd.h"
#include "deploy/ready_pipe.h"

namespace coppice {
namespace {

std::string TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

// In /tmp: the test's own directory has a name too long for a socket.
std::string MakeTop() {
  std::string top = "/tmp/coppice_test.XXXXXX";
  if (mkdtemp(top.data()) == nullptr) std::abort();
  return top;
}

bool IsRequestName(absl::string_view name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char character) {
    return std::isupper(character) != 0 || character == '_';
  });
}

}  // namespace

ServiceTest::ServiceTest() : top_(MakeTop()) {
  std::filesystem::create_directory(top_ + "/data");
  // Beside the test's program there are none, but its data has them.
  programs_ = {.peer_server = std::filesystem::canonical("peer_server/peer_server").string(),
               .fuse_client = std::filesystem::canonical("fuse_client/fuse_client").string()};
}

ServiceTest::~ServiceTest() {
  const bool started = service_ != nullptr;
  if (started && HasFailure()) {
    for (size_t i = 0; i < service_->nodes().size(); ++i) {
      for (const ProcessRole role : {ProcessRole::kPeer, ProcessRole::kClient}) {
        std::cerr << "the log of " << RoleName(role) << " of node" << i << ":\n" << LogOf(i, role);
      }
    }
  }
  EXPECT_TRUE(Stop().ok());
  // Nothing is mounted below any more; if it were, this must not go into it.
  bool mounted = *MountTypeAt(top_ + "/mnt") != "";
  for (size_t i = 0; i < shape_.nodes; ++i) {
    mounted = mounted || *MountTypeAt(absl::StrCat(top_, "/mnt/node", i)) != "";
  }
  EXPECT_FALSE(mounted) << top_;
  if (!mounted) std::filesystem::remove_all(top_);
}

void ServiceTest::SetUp() {
  const FileDescriptor fuse(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!fuse.valid()) GTEST_SKIP() << "NOT TESTED: /dev/fuse cannot be opened on this machine";
}

absl::Status ServiceTest::TryStart(const ServiceShape& shape) {
  shape_ = shape;
  if (shape_.export_root.empty()) shape_.export_root = top_ + "/data";
  shape_.peer_flags.insert(shape_.peer_flags.begin(), "--export_root=" + shape_.export_root);
  auto service = LocalService::Start({.state_root = top_ + "/state",
                                      .node_count = shape_.nodes,
                                      .mount_directory = top_ + "/mnt",
                                      .fanout = shape_.fanout,
                                      .tree_count = shape_.tree_count,
                                      .programs = programs_,
                                      .peer_flags = shape_.peer_flags,
                                      .client_flags = shape_.client_flags,
                                      .end_with_launcher = true,
                                      .progress = [](absl::string_view) {}});
  if (!service.ok()) return service.status();
  service_ = *std::move(service);
  return absl::OkStatus();
}

void ServiceTest::Start(const ServiceShape& shape) {
  const absl::Status started = TryStart(shape);
  // Going on would read the directories that the mounts should hide.
  if (!started.ok()) {
    std::cerr << started << "\n";
    std::abort();
  }
}

absl::Status ServiceTest::Stop() {
  if (service_ == nullptr) return absl::OkStatus();
  const absl::Status stopped = service_->Stop(/*keep_logs=*/false);
  service_.reset();
  restarted_.clear();
  return stopped;
}

std::string ServiceTest::Backing(absl::string_view name) const {
  return absl::StrCat(top_, "/data/", name);
}

std::string ServiceTest::At(size_t node, absl::string_view name) const {
  return absl::StrCat(MountOf(node), "/", name);
}

const std::string& ServiceTest::MountOf(size_t node) const {
  return service_->nodes().at(node).mount_point;
}

const std::string& ServiceTest::SocketOf(size_t node) const {
  return service_->nodes().at(node).socket;
}

PeerStatistics ServiceTest::Ask(size_t node) const {
  auto statistics =
      AskPeerStatistics(service_->nodes().at(node).socket, absl::Now() + kAwaitUntilMax);
  EXPECT_TRUE(statistics.ok()) << statistics.status();
  return statistics.ok() ? *std::move(statistics) : PeerStatistics();
}

uint64_t ServiceTest::Counter(size_t node, const std::string& layer,
                              const std::string& name) const {
  return Ask(node).layers[layer][name];
}

uint64_t ServiceTest::BackingCounter(const std::string& name) const {
  uint64_t sum = 0;
  for (size_t i = 0; i < nodes(); ++i) sum += Counter(i, "backing", name);
  return sum;
}

uint64_t ServiceTest::MountCounter(size_t node, const std::string& name) const {
  PeerStatistics statistics = Ask(node);
  EXPECT_EQ(statistics.mounts.size(), 1u) << "the counters of the mount are missing";
  return statistics.mounts.empty() ? 0 : statistics.mounts.front().counters[name];
}

uint64_t ServiceTest::FuseRequests(size_t node) const {
  const PeerStatistics statistics = Ask(node);
  EXPECT_EQ(statistics.mounts.size(), 1u) << "the counters of the mount are missing";
  uint64_t sum = 0;
  for (const MountCounters& mount : statistics.mounts) {
    for (const auto& [name, count] : mount.counters) {
      if (IsRequestName(name) && name != "IOCTL") sum += count;
    }
  }
  return sum;
}

void ServiceTest::Invalidate(size_t node, const std::string& path, bool recursive) const {
  const auto outcome =
      AskToForget(service_->nodes().at(node).socket, path, recursive, absl::Now() + kAwaitUntilMax);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(absl::StrJoin(outcome->failures, "\n"), "");
  EXPECT_EQ(outcome->nodes, nodes());
  EXPECT_EQ(outcome->mounts, nodes());
}

ProcessIdentity ServiceTest::IdentityOf(size_t node, ProcessRole role) const {
  const auto record =
      ParseServiceRecord(TextOf(absl::StrCat(service_->state_path(), "/", kServiceRecordFile)));
  EXPECT_TRUE(record.ok()) << record.status();
  for (const ProcessRecord& process : record->processes) {
    if (process.node == service_->nodes().at(node).name && process.role == role) {
      return process.identity;
    }
  }
  std::abort();
}

void ServiceTest::Signal(size_t node, ProcessRole role, int signal) const {
  const auto pidfd = OpenProcess(IdentityOf(node, role));
  ASSERT_TRUE(pidfd.ok()) << pidfd.status();
  ASSERT_EQ(SignalPidfd(pidfd->get(), signal), 0);
}

void ServiceTest::Kill(size_t node, ProcessRole role) const { EndBy(SIGKILL, node, role); }

void ServiceTest::Terminate(size_t node, ProcessRole role) const { EndBy(SIGTERM, node, role); }

bool ServiceTest::AwaitEnd(size_t node, ProcessRole role) const {
  const auto pidfd = OpenProcess(IdentityOf(node, role));
  // Not there any more, or a zombie that nobody has reaped: its end can be read.
  return !pidfd.ok() ||
         WaitReadable({pidfd->get()}, {.deadline = absl::Now() + kAwaitUntilMax}).ok();
}

void ServiceTest::EndBy(int signal, size_t node, ProcessRole role) const {
  const auto pidfd = OpenProcess(IdentityOf(node, role));
  ASSERT_TRUE(pidfd.ok()) << pidfd.status();
  ASSERT_EQ(SignalPidfd(pidfd->get(), signal), 0);
  ASSERT_TRUE(WaitReadable({pidfd->get()}, {.deadline = absl::Now() + kAwaitUntilMax}).ok());
}

void ServiceTest::StartPeerAgain(size_t node) {
  const NodeRecord& record = service_->nodes().at(node);
  auto ready = ReadyPipe::Open();
  ASSERT_TRUE(ready.ok()) << ready.status();
  std::vector<std::string> arguments = {programs_.peer_server,
                                        absl::StrCat("--ready_fd=", ready->write_descriptor()),
                                        absl::StrCat("--tree=", service_->state_path(), "/tree"),
                                        "--node=" + record.name, "--socket=" + record.socket};
  arguments.insert(arguments.end(), shape_.peer_flags.begin(), shape_.peer_flags.end());
  const std::string log = absl::StrCat(service_->state_path(), "/", record.name, "/peer.log");
  auto process = ChildProcess::Start({.arguments = std::move(arguments),
                                      .environment = OwnEnvironment(),
                                      .log_file = log,
                                      .kept_descriptors = {ready->write_descriptor()},
                                      .parent_death_signal = SIGTERM,
                                      .new_session = true});
  ASSERT_TRUE(process.ok()) << process.status();
  ready->ProgramStarted();
  const absl::Status serves =
      ready->Wait(*process, record.name, log, {.deadline = absl::Now() + kAwaitUntilMax});
  ASSERT_TRUE(serves.ok()) << serves;
  restarted_.push_back(*std::move(process));
}

std::string ServiceTest::LogOf(size_t node, ProcessRole role) const {
  return TextOf(absl::StrCat(service_->state_path(), "/", service_->nodes().at(node).name,
                             role == ProcessRole::kPeer ? "/peer.log" : "/client.log"));
}

}  // namespace coppice
