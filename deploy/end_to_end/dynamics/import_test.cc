// Imports of a real Python package through the mounts of a running service: what reaches the
// backing file system, and what still reaches us when the kernel knows it all.
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/end_to_end/dynamics/file_reading.h"
#include "deploy/end_to_end/dynamics/service_fixture.h"
#include "deploy/import_run.h"
#include "deploy/import_workload.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr absl::Duration kImportMax = absl::Minutes(3);
constexpr size_t kNodes = 7;
// Each with a fresh service: what happens at once does not happen in the same order twice.
constexpr int kRounds = 3;
// What a second import may ask: a few revalidations in the background.
constexpr uint64_t kWarmRequestsMax = 50;

class ImportTest : public ServiceTest {
 protected:
  void Import(const std::vector<std::string>& prefixes) {
    std::vector<ImportPlace> places;
    for (const std::string& prefix : prefixes) places.push_back({.who = prefix, .prefix = prefix});
    const auto outcomes =
        RunImports("numpy", places, LibraryDirectories(), {.deadline = absl::Now() + kImportMax});
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  }

  // What reached the backing file system, by counter.
  Counters BackingCounters() const {
    Counters sum;
    for (const char* name : {"opens", "bytes", "lstats", "readdirs"}) {
      sum[name] = BackingCounter(name);
    }
    return sum;
  }

  // When the directories that an import lists were changed: a package that is installed while we
  // measure would be measured, too.
  static std::string StateOfTheMachine() {
    std::string state;
    std::vector<std::string> directories = LibraryDirectories();
    directories.push_back("/usr/lib/python3/dist-packages");
    for (const std::string& directory : directories) {
      struct stat attributes = {};
      EXPECT_EQ(stat(directory.c_str(), &attributes), 0) << directory;
      absl::StrAppend(&state, attributes.st_ctim.tv_sec, ".", attributes.st_ctim.tv_nsec, "\n");
    }
    return state;
  }

  std::vector<std::string> AllMounts() const {
    std::vector<std::string> mounts;
    for (size_t i = 0; i < nodes(); ++i) mounts.push_back(MountOf(i));
    return mounts;
  }
};

TEST_F(ImportTest, ASecondImportIsAnsweredByTheKernel) {
  Start({.nodes = 2, .export_root = "/"});
  Import(AllMounts());
  const std::vector<uint64_t> before = {FuseRequests(0), FuseRequests(1)};
  const Counters backing = BackingCounters();
  Import(AllMounts());
  for (size_t i = 0; i < nodes(); ++i) {
    const uint64_t asked = FuseRequests(i) - before[i];
    RecordProperty(absl::StrCat("requests_of_node_", i), static_cast<int>(asked));
    EXPECT_LT(asked, kWarmRequestsMax) << "at node " << i;
    EXPECT_GT(before[i], 4 * kWarmRequestsMax) << "the first import was counted, too";
  }
  EXPECT_EQ(BackingCounters().at("bytes"), backing.at("bytes"));
  EXPECT_EQ(BackingCounters().at("opens"), backing.at("opens"));
}

TEST_F(ImportTest, SevenNodesAtOnceReachTheBackingFileSystemLikeOne) {
  int rounds = 0;
  for (int attempt = 0; rounds < kRounds && attempt < 2 * kRounds; ++attempt) {
    const std::string machine = StateOfTheMachine();
    Start({.nodes = 1, .export_root = "/"});
    Import(AllMounts());
    const Counters alone = BackingCounters();
    ASSERT_TRUE(Stop().ok());
    EXPECT_GT(alone.at("opens"), 100u);
    Start({.nodes = kNodes, .export_root = "/"});
    Import(AllMounts());
    const Counters together = BackingCounters();
    ASSERT_TRUE(Stop().ok());
    if (StateOfTheMachine() != machine) continue;
    EXPECT_EQ(together, alone) << "in round " << rounds;
    ++rounds;
  }
  EXPECT_EQ(rounds, kRounds) << "packages are being installed here all the time";
}

TEST_F(ImportTest, TwelveProcessesOnOneMountReadEachBlockOnce) {
  constexpr size_t kProcesses = 12;
  constexpr size_t kMebibyte = size_t{1} << 20;
  constexpr size_t kBlocks = 64;
  const std::string bytes = Pattern('x', kBlocks * kMebibyte);
  WriteInPlace(Backing("large"), bytes);
  Start({.nodes = 3, .fanout = 1, .export_root = "/"});
  const size_t leaf = 2;
  const uint64_t bytes_before = BackingCounter("bytes");
  std::vector<std::thread> readers;
  std::vector<std::string> wrong(kProcesses);
  for (size_t i = 0; i < kProcesses; ++i) {
    readers.emplace_back([&, i] {
      const auto read = ReadWhole(MountOf(leaf) + Backing("large"));
      if (!read.ok()) wrong[i] = read.status().ToString();
      if (read.ok() && *read != bytes) wrong[i] = "other bytes";
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_THAT(wrong, testing::Each(""));
  EXPECT_EQ(BackingCounter("bytes") - bytes_before, kBlocks * kMebibyte);

  Import(std::vector<std::string>(kProcesses, MountOf(leaf)));
  const uint64_t imported = BackingCounter("bytes");
  EXPECT_GT(imported, bytes_before + kBlocks * kMebibyte);
  Import(std::vector<std::string>(kProcesses, MountOf(leaf)));
  EXPECT_EQ(BackingCounter("bytes"), imported);
}

}  // namespace
}  // namespace coppice
