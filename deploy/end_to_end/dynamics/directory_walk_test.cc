// What a program that reads a tree in the order of its listings finds: the next directory is there
// before it comes.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/end_to_end/dynamics/await_until.h"
#include "deploy/end_to_end/dynamics/file_reading.h"
#include "deploy/end_to_end/dynamics/service_fixture.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr size_t kLeaf = 1;
constexpr size_t kDirectories = 6;
constexpr size_t kFiles = 10;

class DirectoryWalkTest : public ServiceTest {
 protected:
  DirectoryWalkTest() {
    for (size_t directory = 0; directory < kDirectories; ++directory) {
      std::filesystem::create_directories(Backing(absl::StrCat("tree/d", directory)));
      for (size_t file = 0; file < kFiles; ++file) {
        WriteInPlace(Backing(absl::StrCat("tree/d", directory, "/f", file)), bytes_);
      }
    }
  }

  // In the order in which the mount lists them.
  static std::vector<std::string> Listed(const std::string& directory) {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      paths.push_back(entry.path().string());
    }
    return paths;
  }
  uint64_t DirectoriesAhead() const { return MountCounter(kLeaf, "directories_ahead"); }
  uint64_t BlocksOfParent() const { return Counter(kLeaf, "parent", "read_block"); }
  uint64_t ListingsOfParent() const { return Counter(kLeaf, "parent", "read_directory"); }

  const std::string bytes_ = Pattern('x', 1'000);
};

TEST_F(DirectoryWalkTest, WhoGoesOnWaitsForNoListingAndForNoFileOfTheNextDirectory) {
  Start({.nodes = 2});
  if (IsSkipped()) return;
  const std::vector<std::string> directories = Listed(At(kLeaf, "tree"));
  ASSERT_EQ(directories.size(), kDirectories);
  for (const size_t directory : {0, 1}) {
    EXPECT_EQ(DirectoriesAhead(), 0u);
    for (const std::string& file : Listed(directories[directory])) {
      EXPECT_TRUE(Reads(file, bytes_));
    }
  }
  // The peer brings the third one, whole.
  EXPECT_TRUE(AwaitUntil([&] { return BlocksOfParent() == 3 * kFiles; })) << BlocksOfParent();
  EXPECT_EQ(DirectoriesAhead(), 1u);
  const uint64_t listings = ListingsOfParent();
  const std::vector<std::string> files = Listed(directories[2]);
  ASSERT_EQ(files.size(), kFiles);
  // Not its first: that would be a sign to go on.
  for (size_t i = 1; i < kFiles; ++i) EXPECT_TRUE(Reads(files[i], bytes_));
  EXPECT_EQ(BlocksOfParent(), 3 * kFiles);
  EXPECT_EQ(ListingsOfParent(), listings);
}

TEST_F(DirectoryWalkTest, WhoOnlyListsHasNothingFetched) {
  Start({.nodes = 2});
  if (IsSkipped()) return;
  for (const std::string& directory : Listed(At(kLeaf, "tree"))) Listed(directory);
  EXPECT_EQ(DirectoriesAhead(), 0u);
  EXPECT_EQ(BlocksOfParent(), 0u);
}

}  // namespace
}  // namespace coppice
