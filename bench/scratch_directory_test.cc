#include "bench/scratch_directory.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
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

// $TMPDIR for as long as it lives.
class TemporaryDirectoryVariable {
 public:
  explicit TemporaryDirectoryVariable(const std::string& value) {
    setenv("TMPDIR", value.c_str(), /*overwrite=*/1);
  }
  ~TemporaryDirectoryVariable() {
    if (before_.has_value()) {
      setenv("TMPDIR", before_->c_str(), /*overwrite=*/1);
    } else {
      unsetenv("TMPDIR");
    }
  }

 private:
  const std::optional<std::string> before_ =
      getenv("TMPDIR") == nullptr ? std::nullopt : std::optional<std::string>(getenv("TMPDIR"));
};

TEST(ScratchDirectoryTest, AShortOneIsBelowTmpdirUnlessThatIsLong) {
  const auto above = ScratchDirectory::Make("/tmp");
  ASSERT_TRUE(above.ok()) << above.status();
  {
    const TemporaryDirectoryVariable variable(above->path());
    const auto scratch = ScratchDirectory::MakeShort();
    ASSERT_TRUE(scratch.ok()) << scratch.status();
    EXPECT_EQ(std::filesystem::path(scratch->path()).parent_path(), above->path());
  }
  const auto deep = above->MakeDirectory(std::string(kShortScratchBytesMax, 'd'));
  ASSERT_TRUE(deep.ok()) << deep.status();
  // Not only where it says so itself.
  const std::string link = above->File("link");
  std::filesystem::create_directory_symlink(*deep, link);
  for (const std::string& temporary : {*deep, link}) {
    const TemporaryDirectoryVariable variable(temporary);
    const auto scratch = ScratchDirectory::MakeShort();
    ASSERT_TRUE(scratch.ok()) << scratch.status();
    EXPECT_LE(scratch->path().size(), kShortScratchBytesMax);
    EXPECT_TRUE(std::filesystem::is_empty(*deep));
  }
  const TemporaryDirectoryVariable variable(above->File("missing"));
  const auto scratch = ScratchDirectory::MakeShort();
  EXPECT_NE(scratch.status().message().find("missing"), absl::string_view::npos);
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
