#include "bench/hop/tar_walk.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "bench/process/sample_files.h"
#include "bench/scratch_directory.h"
#include "deploy/pipe.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

constexpr size_t kFiles = 30;
constexpr size_t kFileBytes = 4096;
constexpr uint64_t kBytes = kFiles * kFileBytes;

// Over one connection there is no relay. What stands for memory is any directory here.
class TarWalkTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!CheckTar().ok()) GTEST_SKIP() << "NOT TESTED: there is no tar on this machine";
    auto scratch = ScratchDirectory::Make();
    ASSERT_TRUE(scratch.ok()) << scratch.status();
    scratch_.emplace(*std::move(scratch));
    const auto written = WriteSmallFiles(scratch_->File("tree"), kFiles, kFileBytes, 10, {});
    ASSERT_TRUE(written.ok()) << written.status();
    ASSERT_TRUE(scratch_->MakeDirectory("memory").ok());
  }

  absl::StatusOr<absl::Duration> Time(uint64_t bytes, int interrupt_descriptor = -1) {
    return TimeTarWalk(
        {.tree = scratch_->File("tree"), .log_file = scratch_->File("log")},
        scratch_->File("memory"), bytes,
        {.interrupt_descriptor = interrupt_descriptor, .progress = [](absl::string_view) {}});
  }
  bool NothingIsLeft() const { return std::filesystem::is_empty(scratch_->File("memory")); }

  std::optional<ScratchDirectory> scratch_;
};

TEST_F(TarWalkTest, AllFilesAreUnpackedAndReadAndGoneAfterwards) {
  const auto took = Time(kBytes);
  ASSERT_TRUE(took.ok()) << took.status();
  EXPECT_GT(*took, absl::ZeroDuration());
  EXPECT_TRUE(NothingIsLeft());
}

// So the walk has seen what was unpacked, and not the tree that was sent.
TEST_F(TarWalkTest, OtherThanTheExpectedBytesAreAnErrorThatNamesTheDirectoryInMemory) {
  const auto took = Time(kBytes + 1);
  EXPECT_EQ(took.status().code(), absl::StatusCode::kDataLoss) << took.status();
  EXPECT_THAT(std::string(took.status().message()), HasSubstr(scratch_->File("memory/")));
  EXPECT_TRUE(NothingIsLeft());
}

TEST_F(TarWalkTest, AnInterruptedOneLeavesNothingBehind) {
  auto interruption = OpenPipe();
  ASSERT_TRUE(interruption.ok()) << interruption.status();
  interruption->write_end.Reset();
  const auto took = Time(kBytes, interruption->read_end.get());
  EXPECT_EQ(took.status().code(), absl::StatusCode::kCancelled) << took.status();
  EXPECT_TRUE(NothingIsLeft());
}

TEST_F(TarWalkTest, AFailureOfTarLeavesNothingBehind) {
  std::filesystem::remove_all(scratch_->File("tree"));
  const auto took = Time(0);
  EXPECT_THAT(std::string(took.status().message()), HasSubstr("tar c"));
  EXPECT_TRUE(NothingIsLeft());
}

TEST_F(TarWalkTest, WhereNoDirectoryCanBeMadeIsAnError) {
  std::filesystem::remove(scratch_->File("memory"));
  EXPECT_FALSE(Time(kBytes).ok());
}

TEST(CheckMemoryDirectoryTest, OneThatIsMissingOrNotInMemoryOrTooSmallIsNotFound) {
  const absl::Status missing = CheckMemoryDirectory("/no/such/directory", 1, 1);
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("/no/such/directory"));
  const absl::Status elsewhere = CheckMemoryDirectory("/proc", 1, 1);
  EXPECT_EQ(elsewhere.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(elsewhere.message()), HasSubstr("not in memory"));
}

TEST(CheckMemoryDirectoryTest, TheBytesAndTheFilesMustFit) {
  if (!CheckMemoryDirectory(kMemoryDirectory, 0, 0).ok()) {
    GTEST_SKIP() << "NOT TESTED: " << CheckMemoryDirectory(kMemoryDirectory, 0, 0);
  }
  const absl::Status bytes = CheckMemoryDirectory(kMemoryDirectory, uint64_t{1} << 62, 1);
  EXPECT_EQ(bytes.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(bytes.message()), HasSubstr("has room for"));
  const absl::Status files = CheckMemoryDirectory(kMemoryDirectory, 0, size_t{1} << 62);
  EXPECT_EQ(files.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(files.message()), HasSubstr("files"));
}

}  // namespace
}  // namespace coppice
