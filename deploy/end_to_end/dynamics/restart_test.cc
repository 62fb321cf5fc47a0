// Deaths and restarts under a mount that is in use: kill -9 of a peer, of a parent, of a client.
// What waits is woken up in time, what cannot be had is an error in time, and what is back serves.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/child_process.h"
#include "deploy/end_to_end/dynamics/await_until.h"
#include "deploy/end_to_end/dynamics/file_reading.h"
#include "deploy/end_to_end/dynamics/service_fixture.h"
#include "common/file_descriptor.h"
#include "deploy/mount_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr size_t kMebibyte = size_t{1} << 20;
// The operation timeout where a test waits for it, and when a request must have failed by then on a
// busy machine: far below the default timeout.
constexpr char kShortTimeout[] = "--operation_timeout=2s";
constexpr absl::Duration kFailedByThen = absl::Seconds(20);

// A process that reads a file to its end, and what it read.
class Reader {
 public:
  explicit Reader(const std::string& path) : output_(memfd_create("output", MFD_CLOEXEC)) {
    auto process = ChildProcess::Start({.arguments = {"/usr/bin/cat", path},
                                        .environment = {"LC_ALL=C"},
                                        .standard_output = output_.get(),
                                        .parent_death_signal = SIGKILL});
    EXPECT_TRUE(process.ok()) << process.status();
    process_.emplace(*std::move(process));
  }
  // Until the file system keeps it waiting.
  void AwaitBlocked() {
    const std::string file = absl::StrCat("/proc/", process_->pid(), "/wchan");
    EXPECT_TRUE(AwaitUntil([&] {
      std::string where;
      std::ifstream(file) >> where;
      return absl::StrContains(where, "fuse") || absl::StrContains(where, "request_wait") ||
             absl::StrContains(where, "folio") || absl::StrContains(where, "lookup");
    })) << "it never waited";
  }
  ExitState End() {
    const auto end = process_->Wait({.deadline = absl::Now() + kAwaitUntilMax});
    EXPECT_TRUE(end.ok()) << end.status();
    return end.ok() ? *end : ExitState{.signal = -1};
  }
  bool Running() { return !process_->Wait({.deadline = absl::InfinitePast()}).ok(); }
  pid_t pid() const { return process_->pid(); }
  std::string Output() const { return *ReadAll(output_); }

 private:
  FileDescriptor output_;
  std::optional<ChildProcess> process_;
};

class RestartTest : public ServiceTest {
 protected:
  RestartTest() {
    WriteInPlace(Backing("cached"), cached_);
    for (int i = 0; i < 8; ++i) WriteInPlace(Backing(absl::StrCat("cold/", i)), cold_);
    WriteInPlace(Backing("cold_directory/f"), "f");
  }
  std::string Cold(size_t node, int number) const {
    return At(node, absl::StrCat("cold/", number));
  }

  const std::string cached_ = Pattern('c', 2 * kMebibyte);
  const std::string cold_ = Pattern('f', 3 * kMebibyte + 1);
};

// W9 and R1 of the predecessor: whoever waited for a dead peer hung, and could not be killed.
TEST_F(RestartTest, W9_WhatWaitsForARestartOfThePeerSucceedsWhenItIsBack) {
  Start({.nodes = 2});
  EXPECT_TRUE(Reads(At(1, "cached"), cached_));
  Kill(1, ProcessRole::kPeer);
  Reader cold(Cold(1, 0));
  cold.AwaitBlocked();
  Reader other(Cold(1, 1));
  other.AwaitBlocked();
  EXPECT_TRUE(cold.Running() && other.Running());
  StartPeerAgain(1);
  EXPECT_TRUE(cold.End().success());
  EXPECT_TRUE(cold.Output() == cold_);
  EXPECT_TRUE(other.End().success());
  EXPECT_TRUE(other.Output() == cold_);
  EXPECT_TRUE(Reads(At(1, "cached"), cached_));
  EXPECT_TRUE(AwaitUntil([&] { return Ask(1).mounts.size() == 1; })) << "the mount is not attached";
  Invalidate(1, "", /*recursive=*/true);
}

TEST_F(RestartTest, W9_AReaderThatWaitsForADeadPeerCanBeKilled) {
  // Far longer than the test may take.
  Start({.nodes = 1, .client_flags = {"--operation_timeout=10m"}});
  Kill(0, ProcessRole::kPeer);
  Reader reader(Cold(0, 0));
  reader.AwaitBlocked();
  ASSERT_EQ(kill(reader.pid(), SIGKILL), 0);
  EXPECT_EQ(reader.End().signal, SIGKILL);
}

TEST_F(RestartTest, ProcessesThatAreToldToEndWaitForNobodyAndLeaveNoMount) {
  Start({.nodes = 2, .client_flags = {"--operation_timeout=10m"}});
  // A parent that is gone and a peer that hangs: neither answers, nor is the connection lost.
  Kill(0, ProcessRole::kPeer);
  Reader at_parent(Cold(1, 0));
  at_parent.AwaitBlocked();
  Signal(1, ProcessRole::kPeer, SIGSTOP);
  Reader at_peer(Cold(1, 1));
  at_peer.AwaitBlocked();
  const absl::Time start = absl::Now();
  for (size_t i = 0; i < nodes(); ++i) Terminate(i, ProcessRole::kClient);
  EXPECT_LT(absl::Now() - start, kFailedByThen);
  EXPECT_EQ(*MountTypeAt(MountOf(1)), "");
  EXPECT_EQ(at_parent.End().code, 1);
  EXPECT_EQ(at_peer.End().code, 1);
  Signal(1, ProcessRole::kPeer, SIGCONT);
  Terminate(1, ProcessRole::kPeer);
  EXPECT_LT(absl::Now() - start, kFailedByThen);
}

TEST_F(RestartTest, WithoutThePeerEveryOperationFailsInTimeWithEioAndTheMountRecovers) {
  Start({.nodes = 2, .client_flags = {kShortTimeout}});
  EXPECT_TRUE(Reads(At(1, "cached"), cached_));
  EXPECT_TRUE(Reads(Cold(1, 0), cold_));
  Kill(1, ProcessRole::kPeer);
  const absl::Time start = absl::Now();
  std::vector<Reader> readers;
  for (int i = 1; i < 6; ++i) readers.emplace_back(Cold(1, i));
  EXPECT_EQ(ErrnoOfLookup(At(1, "cold_directory/unknown")), EIO);
  EXPECT_EQ(StatusErrno(NamesIn(At(1, "cold_directory")).status()), EIO);
  for (Reader& reader : readers) EXPECT_EQ(reader.End().code, 1);
  EXPECT_LT(absl::Now() - start, kFailedByThen);
  // What the kernel holds does not need the peer.
  EXPECT_TRUE(Reads(At(1, "cached"), cached_));

  StartPeerAgain(1);
  EXPECT_TRUE(AwaitUntil([&] { return ErrnoOfLookup(At(1, "cold_directory/unknown")) == ENOENT; }));
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(Reads(Cold(1, i), cold_));
  EXPECT_THAT(*NamesIn(At(1, "cold_directory")), testing::ElementsAre("f"));
}

TEST_F(RestartTest, WithoutItsParentANodeServesWhatItHasAndErrorsInTimeForTheRest) {
  Start({.nodes = 2, .client_flags = {kShortTimeout}});
  EXPECT_TRUE(Reads(At(1, "cached"), cached_));
  Kill(0, ProcessRole::kPeer);
  {
    // From the peer: the kernel is made to forget the bytes.
    const auto file = OpenForReading(At(1, "cached"));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_EQ(posix_fadvise(file->get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  }
  EXPECT_TRUE(Reads(At(1, "cached"), cached_));
  const absl::Time start = absl::Now();
  EXPECT_EQ(StatusErrno(ReadWhole(Cold(1, 0)).status()), EIO);
  EXPECT_LT(absl::Now() - start, kFailedByThen);

  StartPeerAgain(0);
  EXPECT_TRUE(AwaitUntil([&] { return ErrnoOfLookup(Cold(1, 0)) == 0; }));
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(Reads(Cold(1, i), cold_));
}

TEST_F(RestartTest, APeerThatHangsIsAnErrorInTimeAndServesOnAfterwards) {
  Start({.nodes = 2, .client_flags = {kShortTimeout}});
  EXPECT_EQ(ErrnoOfLookup(At(1, "cached")), 0);
  for (const size_t hanging : {0, 1}) {
    Signal(hanging, ProcessRole::kPeer, SIGSTOP);
    const absl::Time start = absl::Now();
    EXPECT_EQ(StatusErrno(ReadWhole(Cold(1, hanging)).status()), EIO);
    EXPECT_LT(absl::Now() - start, kFailedByThen);
    Signal(hanging, ProcessRole::kPeer, SIGCONT);
    EXPECT_TRUE(AwaitUntil([&] { return Reads(Cold(1, hanging), cold_); }));
  }
}

TEST_F(RestartTest, ChangesDuringAnAbsenceOfThePeerAreSeenWhenItIsBack) {
  Start({.nodes = 1});
  EXPECT_TRUE(Reads(At(0, "cached"), cached_));
  EXPECT_EQ(ErrnoOfLookup(At(0, "late")), ENOENT);
  Kill(0, ProcessRole::kPeer);
  WriteByRename(Backing("cached"), cold_);
  WriteInPlace(Backing("late"), "l");
  StartPeerAgain(0);
  EXPECT_TRUE(AwaitUntil([&] { return ErrnoOfLookup(At(0, "late")) == 0; }));
  EXPECT_TRUE(AwaitUntil([&] { return *SizeOf(At(0, "cached")) == cold_.size(); }));
  EXPECT_TRUE(Reads(At(0, "cached"), cold_));
}

TEST_F(RestartTest, AKilledClientLeavesAnErrorThatStopCleansUpAndTheNextStartWorks) {
  Start({.nodes = 2});
  EXPECT_TRUE(Reads(At(1, "cached"), cached_));
  // Not one that the kernel knows: that it tells without asking.
  const std::string path = Cold(1, 0);
  Kill(1, ProcessRole::kClient);
  EXPECT_EQ(ErrnoOfLookup(path), ENOTCONN);
  EXPECT_TRUE(Reads(At(0, "cached"), cached_)) << "the other node is none the worse for it";
  ASSERT_TRUE(Stop().ok());
  EXPECT_FALSE(std::filesystem::exists(top() + "/mnt"));
  Start({.nodes = 2});
  EXPECT_TRUE(Reads(At(1, "cached"), cached_));
}

}  // namespace
}  // namespace coppice
