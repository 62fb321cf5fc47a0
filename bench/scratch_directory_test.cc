#include "bench/scratch_directory.h"

#include <filesystem>
#include <fstream>
#include <utility>

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(ScratchDirectoryTest, ItGoesWithAllThatIsInItAndNotWithWhatLinksLeadTo) {
  auto kept = ScratchDirectory::Make();
  ASSERT_TRUE(kept.ok()) << kept.status();
  std::ofstream(kept->File("precious")) << "x";
  std::string path;
  {
    auto scratch = ScratchDirectory::Make();
    ASSERT_TRUE(scratch.ok()) << scratch.status();
    path = scratch->path();
    const auto directory = scratch->MakeDirectory("deep");
    ASSERT_TRUE(directory.ok()) << directory.status();
    std::ofstream(*directory + "/file") << "x";
    std::filesystem::create_directory_symlink(kept->path(), scratch->File("link"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::exists(kept->File("precious")));
}

TEST(ScratchDirectoryTest, AMovedOneIsRemovedOnce) {
  auto made = ScratchDirectory::Make();
  ASSERT_TRUE(made.ok()) << made.status();
  const std::string path = made->path();
  {
    const ScratchDirectory moved = *std::move(made);
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ScratchDirectoryTest, WhereNothingCanBeMadeIsAnError) {
  EXPECT_FALSE(ScratchDirectory::Make("/proc/nowhere").ok());
  auto scratch = ScratchDirectory::Make();
  ASSERT_TRUE(scratch.ok());
  ASSERT_TRUE(scratch->MakeDirectory("twice").ok());
  EXPECT_FALSE(scratch->MakeDirectory("twice").ok());
}

}  // namespace
}  // namespace coppice
