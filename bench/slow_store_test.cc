// slow_store as the benchmarks mount it: what it shows, what it counts, and how long it takes.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/mounted_program.h"
#include "bench/scratch_directory.h"
#include "bench/shared_store.h"
#include "bench/store_counters.h"
#include "common/file_descriptor.h"
#include "deploy/program_files.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

class SlowStoreTest : public testing::Test {
 protected:
  SlowStoreTest() {
    std::filesystem::create_directories(scratch_.File("data/d"));
    std::ofstream(scratch_.File("data/d/f")) << std::string(100'000, 'x');
    std::filesystem::create_symlink("f", scratch_.File("data/d/link"));
  }
  void SetUp() override {
    const FileDescriptor fuse(open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!fuse.valid()) GTEST_SKIP() << "NOT TESTED: /dev/fuse cannot be opened on this machine";
  }
  ~SlowStoreTest() override {
    mounts_.clear();
    std::filesystem::remove_all(scratch_.File("data"));
  }

  // Returns the mount point.
  std::string Mount(std::vector<std::string> flags = {}) {
    std::vector<std::string> arguments = {FindProgram("bench/slow_store").value(),
                                          "--export_root=" + scratch_.File("data"),
                                          "--shared=" + shared_};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    auto program =
        MountedProgram::Start({.name = "slow_store",
                               .arguments = std::move(arguments),
                               .mount_point = scratch_.File(absl::StrCat("mount", mounts_.size())),
                               .log_file = scratch_.File("log")},
                              context_);
    EXPECT_TRUE(program.ok()) << program.status();
    mounts_.push_back(*std::move(program));
    before_ = SharedStore::Open(shared_)->counters().Figures();
    return mounts_.back()->mount_point();
  }
  StoreFigures Figures() {
    return FiguresBetween(before_, SharedStore::Open(shared_)->counters().Figures());
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }
  static bool Exists(const std::string& path) {
    struct stat ignored;
    return lstat(path.c_str(), &ignored) == 0;
  }

  const BenchContext context_ = {.progress = [](absl::string_view) {}};
  const ScratchDirectory scratch_ = ScratchDirectory::Make("/tmp").value();
  const std::string shared_ = scratch_.File("store");
  std::vector<std::unique_ptr<MountedProgram>> mounts_;
  StoreFigures before_;
};

TEST_F(SlowStoreTest, TheFirstTouchReachesTheStoreAndTheKernelKeepsIt) {
  const std::string mount = Mount();
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Read(mount + "/d/link"), std::string(100'000, 'x'));
    EXPECT_FALSE(Exists(mount + "/d/missing"));
  }
  // A read is counted when its answer is on its way, so the last one may be a moment late.
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (Figures().bytes < 100'000 && absl::Now() < deadline) std::this_thread::yield();
  const StoreFigures figures = Figures();
  EXPECT_EQ(figures.operations.at("lookup"), 4u);  // d, link, f, missing
  EXPECT_EQ(figures.operations.at("readlink"), 1u);
  EXPECT_EQ(figures.operations.at("open"), 2u);  // as the client of a parallel file system does
  EXPECT_EQ(figures.bytes, 100'000u);
}

TEST_F(SlowStoreTest, EachMountTouchesTheStoreForItself) {
  const std::string one = Mount();
  const std::string other = Mount();
  EXPECT_TRUE(Exists(one + "/d/f"));
  EXPECT_TRUE(Exists(other + "/d/f"));
  EXPECT_EQ(Figures().operations.at("lookup"), 4u);
}

TEST_F(SlowStoreTest, AListingSavesNoLookup) {
  const std::string mount = Mount();
  size_t names = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(mount + "/d")) {
    ++names;
  }
  EXPECT_EQ(names, 2u);
  EXPECT_GE(Figures().operations.at("readdir"), 1u);
  const uint64_t lookups = Figures().operations.at("lookup");
  EXPECT_TRUE(Exists(mount + "/d/f"));
  EXPECT_EQ(Figures().operations.at("lookup"), lookups + 1);
}

TEST_F(SlowStoreTest, OperationsOfAllMountsWaitInOneQueue) {
  const std::vector<std::string> limit = {"--operations_per_second=100"};
  const std::vector<std::string> mounts = {Mount(limit), Mount(limit)};
  const absl::Time begin = absl::Now();
  std::vector<std::thread> nodes;
  for (const std::string& mount : mounts) {
    nodes.emplace_back([mount] {
      for (int i = 0; i < 10; ++i) EXPECT_FALSE(Exists(absl::StrCat(mount, "/missing", i)));
    });
  }
  for (std::thread& node : nodes) node.join();
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(200));
  EXPECT_EQ(Figures().operations.at("lookup"), 20u);
}

TEST_F(SlowStoreTest, EachAnswerIsUnderWayForTheLatency) {
  const std::string mount = Mount({"--latency=20ms"});
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Exists(absl::StrCat(mount, "/missing", i)));
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(100));
}

TEST_F(SlowStoreTest, BytesTakeAsLongAsTheBandwidthSays) {
  const std::string mount = Mount({"--bytes_per_second=1000000"});
  const absl::Time begin = absl::Now();
  EXPECT_EQ(Read(mount + "/d/f").size(), 100'000u);
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(100));
}

}  // namespace
}  // namespace coppice
