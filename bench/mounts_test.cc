// The two file systems of bench/, through real mounts.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/fuse_server.h"
#include "bench/mounted_program.h"
#include "bench/scratch_directory.h"
#include "common/file_descriptor.h"
#include "deploy/program_files.h"
#include "deploy/testing/program_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

constexpr size_t kLargeBytes = 3'000'001;
constexpr int kManyFiles = 700;

std::string ReadFile(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The parameter is the program.
class MountsTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    auto scratch = ScratchDirectory::Make();
    ASSERT_TRUE(scratch.ok()) << scratch.status();
    scratch_.emplace(*std::move(scratch));
    const std::string tree = scratch_->File("root/tree");
    std::filesystem::create_directories(tree + "/many");
    std::ofstream(tree + "/small") << "content";
    for (size_t i = 0; i < kLargeBytes; ++i) large_ += static_cast<char>('a' + i % 23);
    std::ofstream(tree + "/large") << large_;
    std::filesystem::create_symlink("small", tree + "/link");
    for (int i = 0; i < kManyFiles; ++i) std::ofstream(tree + "/many/" + std::to_string(i)) << i;
    ASSERT_NO_FATAL_FAILURE(Mount());
  }

  void Mount() {
    const auto program = FindProgram(absl::StrCat("bench/", GetParam()));
    ASSERT_TRUE(program.ok()) << program.status();
    std::vector<std::string> arguments = {*program, "--export_root=" + scratch_->File("root")};
    if (GetParam() == "floor_mount") arguments.emplace_back("--tree=/tree");
    auto mounted = MountedProgram::Start({.name = GetParam(),
                                          .arguments = std::move(arguments),
                                          .mount_point = scratch_->File("mnt"),
                                          .log_file = scratch_->File("log")},
                                         {.progress = [](absl::string_view) {}});
    ASSERT_TRUE(mounted.ok()) << mounted.status();
    mounted_ = *std::move(mounted);
  }

  std::string Mounted(const std::string& path) const {
    return mounted_->mount_point() + "/tree/" + path;
  }

  std::map<std::string, uint64_t> Counters() const {
    const auto counters = ReadRequestCounters(mounted_->mount_point());
    EXPECT_TRUE(counters.ok()) << counters.status();
    return counters.value_or(std::map<std::string, uint64_t>());
  }

  static int StatErrno(const std::string& path) {
    struct stat attributes;
    return lstat(path.c_str(), &attributes) == 0 ? 0 : errno;
  }

  std::optional<ScratchDirectory> scratch_;
  std::string large_;
  std::unique_ptr<MountedProgram> mounted_;
};

TEST_P(MountsTest, FilesLinksAndDirectoriesAreAsTheyAre) {
  EXPECT_EQ(ReadFile(Mounted("small")), "content");
  EXPECT_EQ(ReadFile(Mounted("link")), "content");
  EXPECT_TRUE(ReadFile(Mounted("large")) == large_);
  EXPECT_EQ(std::filesystem::read_symlink(Mounted("link")), "small");
  EXPECT_EQ(std::filesystem::file_size(Mounted("large")), kLargeBytes);
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(Mounted("many"))) {
    names.insert(entry.path().filename().string());
    EXPECT_TRUE(entry.is_regular_file()) << entry.path();
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kManyFiles));
  EXPECT_EQ(ReadFile(Mounted("many/699")), "699");
}

TEST_P(MountsTest, AFileCanBeMapped) {
  const FileDescriptor file(open(Mounted("large").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(file.valid());
  void* const data = mmap(nullptr, kLargeBytes, PROT_READ, MAP_SHARED, file.get(), 0);
  ASSERT_NE(data, MAP_FAILED);
  EXPECT_TRUE(std::string(static_cast<char*>(data), kLargeBytes) == large_);
  munmap(data, kLargeBytes);
}

TEST_P(MountsTest, AMissingNameIsAskedForOnce) {
  const uint64_t before = Counters()["LOOKUP"];
  EXPECT_EQ(StatErrno(Mounted("missing")), ENOENT);
  const uint64_t once = Counters()["LOOKUP"];
  EXPECT_GT(once, before);
  EXPECT_EQ(StatErrno(Mounted("missing")), ENOENT);
  EXPECT_EQ(Counters()["LOOKUP"], once);
}

TEST_P(MountsTest, AWarmReadSendsNoReadAndNoLookup) {
  EXPECT_EQ(ReadFile(Mounted("large")).size(), kLargeBytes);
  auto before = Counters();
  EXPECT_EQ(before["read_bytes"], kLargeBytes);
  EXPECT_EQ(ReadFile(Mounted("large")).size(), kLargeBytes);
  auto after = Counters();
  for (const std::string kind : {"READ", "LOOKUP", "GETATTR"}) {
    EXPECT_EQ(after[kind], before[kind]) << kind;
  }
}

TEST_P(MountsTest, NothingCanBeWritten) {
  EXPECT_LT(open(Mounted("new").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 0);
  EXPECT_EQ(errno, EROFS);
  struct statvfs figures = {};
  ASSERT_EQ(statvfs(mounted_->mount_point().c_str(), &figures), 0);
  EXPECT_NE(figures.f_flag & ST_RDONLY, 0u);
}

TEST_P(MountsTest, ItIsGoneWhenItIsStoppedAndColdWhenItIsBack) {
  EXPECT_EQ(ReadFile(Mounted("small")), "content");
  ASSERT_TRUE(mounted_->Stop().ok());
  EXPECT_FALSE(std::filesystem::exists(scratch_->File("mnt")));
  ASSERT_NO_FATAL_FAILURE(Mount());
  EXPECT_EQ(Counters()["READ"], 0u);
  EXPECT_EQ(ReadFile(Mounted("small")), "content");
  EXPECT_EQ(Counters()["READ"], 1u);
}

INSTANTIATE_TEST_SUITE_P(Programs, MountsTest, testing::Values("floor_mount", "passthrough_mount"),
                         [](const auto& info) { return info.param; });

using FloorMountTest = MountsTest;

TEST_P(FloorMountTest, NothingIsOpened) {
  EXPECT_EQ(ReadFile(Mounted("small")), "content");
  EXPECT_EQ(Counters()["OPEN"], 1u);
  EXPECT_EQ(ReadFile(Mounted("large")).size(), kLargeBytes);
  EXPECT_EQ(ReadFile(Mounted("many/1")), "1");
  EXPECT_EQ(Counters()["OPEN"], 1u);
}

INSTANTIATE_TEST_SUITE_P(Programs, FloorMountTest, testing::Values("floor_mount"));

using PassthroughMountTest = MountsTest;

TEST_P(PassthroughMountTest, EveryOpenReachesTheBackingFile) {
  EXPECT_EQ(ReadFile(Mounted("small")), "content");
  EXPECT_EQ(ReadFile(Mounted("small")), "content");
  EXPECT_EQ(Counters()["OPEN"], 2u);
}

INSTANTIATE_TEST_SUITE_P(Programs, PassthroughMountTest, testing::Values("passthrough_mount"));

// One check for all that mount.
TEST(MountPointFlagTest, WhatIsNoDirectoryIsAMistakeInUsage) {
  const auto scratch = ScratchDirectory::Make();
  ASSERT_TRUE(scratch.ok()) << scratch.status();
  const std::string file = scratch->File("file");
  std::ofstream(file) << "content";
  const std::map<std::string, std::vector<std::string>> programs = {
      {"bench/passthrough_mount", {}},
      {"bench/floor_mount", {"--tree=/nowhere"}},
      {"bench/slow_store", {"--shared=" + scratch->File("store")}}};
  for (const auto& [program, flags] : programs) {
    for (const std::string& mount_point : {file, scratch->File("missing")}) {
      std::vector<std::string> arguments = flags;
      arguments.push_back(mount_point);
      const ProgramRun run = RunProgram(program, arguments);
      EXPECT_EQ(run.end.code, 2) << program << " " << mount_point;
      EXPECT_THAT(run.standard_error, HasSubstr("'" + mount_point + "'"));
      EXPECT_THAT(run.standard_error, HasSubstr("name an empty directory"));
    }
  }
  EXPECT_FALSE(std::filesystem::exists(scratch->File("store")));
}

TEST(RequestCountersTest, AnotherFileSystemHasNone) { EXPECT_FALSE(ReadRequestCounters("/").ok()); }

}  // namespace
}  // namespace coppice
