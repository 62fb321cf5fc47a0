// Small files that the kernel is given before it asks (files_ahead.h), through a real mount.
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "fuse_client/files_ahead.h"
#include "fuse_client/fuse_device.h"
#include "fuse_client/fuse_session.h"
#include "fuse_client/testing/fake_source.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

constexpr size_t kFiles = 40;

// Of a part of a page, and of several.
std::string ContentOf(const std::string& name) {
  const size_t number = std::stoul(name);
  return std::string(100 + number * 700, static_cast<char>('0' + number));
}

class FilesAheadMountTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (absl::Status status = CheckFuseDevice(); !status.ok()) {
      GTEST_SKIP() << "NOT TESTED: this machine cannot mount: " << status;
    }
    source_.AddDirectory("many");
    for (size_t i = 0; i < kFiles; ++i) {
      const std::string name = std::to_string(i);
      source_.AddFile("many/" + name, ContentOf(name));
    }
  }

  void Mount(bool give_files_ahead) {
    FuseSessionOptions options;
    options.tick = false;
    options.give_files_ahead = give_files_ahead;
    auto session =
        MountFuse({.source = source_, .clock = clock_}, std::move(options), mount_.path());
    ASSERT_TRUE(session.ok()) << session.status();
    session_ = *std::move(session);
    for (const auto& entry : std::filesystem::directory_iterator(mount_.Below("many"))) {
      names_.push_back(entry.path().filename());
    }
    ASSERT_EQ(names_.size(), kFiles);
  }

  std::string BytesAt(size_t place) const {
    std::ifstream file(mount_.Below("many/" + names_[place]), std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }
  void ReadPlaces(size_t first, size_t end) const {
    for (size_t i = first; i < end; ++i) EXPECT_EQ(BytesAt(i), ContentOf(names_[i])) << names_[i];
  }
  uint64_t Counter(const std::string& name) const { return session_->Counters()[name]; }
  // The thread that gives needs nobody's help for it.
  void AwaitGiven(uint64_t files) const {
    while (Counter("files_given") < files) {
    }
  }

  const TemporaryDirectory mount_;
  const RealClock clock_;
  FakeSource source_;
  std::unique_ptr<FuseSession> session_;
  std::vector<std::string> names_;  // as the mount lists them
};

TEST_F(FilesAheadMountTest, WhoReadsInOrderReadsTheNextFilesWithoutARequest) {
  Mount(true);
  ReadPlaces(0, 2);
  AwaitGiven(kFilesAheadMin);
  const uint64_t reads = Counter("READ");
  ReadPlaces(2, 2 + kFilesAheadMin);
  EXPECT_EQ(Counter("READ"), reads);
  // And all others, whether the reader or the thread comes first.
  ReadPlaces(2 + kFilesAheadMin, kFiles);
  ReadPlaces(0, kFiles);
}

TEST_F(FilesAheadMountTest, WhatWasGivenIsForgottenAsAllElse) {
  Mount(true);
  ReadPlaces(0, 2);
  AwaitGiven(kFilesAheadMin);
  source_.AddFile("many/" + names_[3], "new bytes");
  std::promise<void> done;
  session_->Invalidate({.path = Path(), .recursive = true}, [&] { done.set_value(); });
  done.get_future().wait();
  EXPECT_EQ(BytesAt(3), "new bytes");
  EXPECT_EQ(BytesAt(4), ContentOf(names_[4]));
}

TEST_F(FilesAheadMountTest, ASessionMayEndWhileFilesAreGiven) {
  Mount(true);
  ReadPlaces(0, 2);
  session_->Shutdown();
  EXPECT_LE(Counter("files_given"), kFilesAheadMin);
}

TEST_F(FilesAheadMountTest, ASessionThatIsNotToldToGivesNothing) {
  Mount(false);
  ReadPlaces(0, kFiles);
  EXPECT_GE(Counter("READ"), kFiles);
  EXPECT_EQ(Counter("files_given"), 0u);
}

}  // namespace
}  // namespace coppice
