#include "bench/mount_cases.h"

#include <cerrno>
#include <filesystem>
#include <optional>
#include <set>

#include "bench/scratch_directory.h"
#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr MountData kTiny = {.directories = 1,
                             .names = 20,
                             .small_files = 10,
                             .large_bytes = (1 << 20) + 1,
                             .random_bytes = 64 << 10,
                             .random_reads = 30,
                             .mapped_bytes = 64 << 10};
constexpr absl::Duration kDurationMax = absl::Minutes(1);

class MountCasesTest : public testing::Test {
 protected:
  void SetUp() override {
    auto scratch = ScratchDirectory::Make();
    ASSERT_TRUE(scratch.ok()) << scratch.status();
    scratch_.emplace(*std::move(scratch));
    const absl::Status made = MakeMountData(scratch_->path(), kTiny, {});
    ASSERT_TRUE(made.ok()) << made;
  }

  const BenchContext context_ = {.progress = [](absl::string_view) {}};
  std::optional<ScratchDirectory> scratch_;
};

TEST_F(MountCasesTest, EachCaseSucceedsOnItsOwnDataForOneAndForSeveralProcesses) {
  for (const size_t workers : {1, 3}) {
    for (const MountCase& mount_case : MountCases(scratch_->path(), kTiny, workers)) {
      const auto duration = RunWorkers(workers, mount_case.work, kDurationMax, context_);
      ASSERT_TRUE(duration.ok()) << mount_case.name << ": " << duration.status();
      EXPECT_GT(SampleOf(mount_case, *duration, workers), 0) << mount_case.name;
    }
  }
}

TEST_F(MountCasesTest, EachCaseFailsWhenItsDataIsWrong) {
  // Everything is there but the contents: shorter files, names that shall not be there, others
  // gone.
  std::filesystem::resize_file(scratch_->File("large"), 1);
  std::filesystem::resize_file(scratch_->File("random"), 1);
  std::filesystem::remove(scratch_->File("mapped"));
  std::filesystem::remove(scratch_->File("names0/name7"));
  std::filesystem::copy_file(scratch_->File("names0/name8"), scratch_->File("names0/missing3"));
  std::filesystem::remove(scratch_->File("list0/listed1"));
  std::filesystem::resize_file(scratch_->File("small0/small2"), 1);
  for (const MountCase& mount_case : MountCases(scratch_->path(), kTiny, 1)) {
    EXPECT_FALSE(RunWorkers(1, mount_case.work, kDurationMax, context_).ok()) << mount_case.name;
  }
}

TEST_F(MountCasesTest, EachColdCaseIsFollowedByItsWarmOne) {
  const auto cases = MountCases(scratch_->path(), kTiny, 1);
  std::set<std::string> names;
  ASSERT_EQ(cases.size() % 2, 0u);
  for (size_t i = 0; i < cases.size(); i += 2) {
    EXPECT_NE(cases[i].cold, ColdNeeds::kNothing) << cases[i].name;
    EXPECT_EQ(cases[i + 1].cold, ColdNeeds::kNothing) << cases[i + 1].name;
    names.insert({cases[i].name, cases[i + 1].name});
    // What is dropped must be there.
    if (cases[i].cold == ColdNeeds::kPagesDropped) {
      EXPECT_TRUE(std::filesystem::exists(scratch_->File(cases[i].file))) << cases[i].file;
    }
  }
  EXPECT_EQ(names.size(), cases.size());
}

TEST_F(MountCasesTest, EachDirectoryGivesTheCasesOfNamesOnceMore) {
  MountData more = kTiny;
  more.directories = 3;
  const size_t cases = MountCases(scratch_->path(), kTiny, 1).size();
  // Two of stat, one of reading, one of listing; cold and warm.
  EXPECT_EQ(MountCases(scratch_->path(), more, 1).size(), cases + 2 * 8);
}

TEST_F(MountCasesTest, DataIsNotMadeOverOtherData) {
  EXPECT_EQ(StatusErrno(MakeMountData(scratch_->path(), kTiny, {})), EEXIST);
}

TEST(SampleOfTest, ATimeIsThatOfOneOperationAndARateThatOfAllProcesses) {
  EXPECT_DOUBLE_EQ(SampleOf({.amount = 1000}, absl::Milliseconds(5), 12), 5e-6);
  EXPECT_DOUBLE_EQ(SampleOf({.unit = Unit::kBytesPerSecond, .amount = 1e9}, absl::Seconds(2), 12),
                   6e9);
}

}  // namespace
}  // namespace coppice
