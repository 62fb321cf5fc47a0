#include "bench/memory_tree.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>

#include "bench/scratch_directory.h"
#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

class MemoryTreeTest : public testing::Test {
 protected:
  void SetUp() override {
    auto scratch = ScratchDirectory::Make();
    ASSERT_TRUE(scratch.ok()) << scratch.status();
    root_.emplace(*std::move(scratch));
    std::filesystem::create_directories(root_->File("usr/lib/deep"));
    std::filesystem::create_directories(root_->File("usr/other"));
    std::ofstream(root_->File("usr/lib/deep/file")) << "content";
    std::ofstream(root_->File("usr/lib/empty"));
    std::ofstream(root_->File("usr/other/file")) << std::string(10000, 'x');
    std::filesystem::create_symlink("deep/file", root_->File("usr/lib/link"));
  }

  absl::StatusOr<MemoryTree> Load(const std::vector<std::string>& directories) {
    return MemoryTree::Load(root_->path(), directories);
  }
  // Of a path below the root; nullptr when there is none.
  static const MemoryTree::Node* Walk(const MemoryTree& tree,
                                      const std::vector<std::string>& names) {
    uint64_t node = MemoryTree::kRootNode;
    for (const std::string& name : names) node = tree.Lookup(node, name);
    return tree.Find(node);
  }

  std::optional<ScratchDirectory> root_;
};

TEST_F(MemoryTreeTest, EverythingBelowItsDirectoriesIsThereAndNothingBeside) {
  const auto tree = Load({"/usr/lib"});
  ASSERT_TRUE(tree.ok()) << tree.status();
  const auto* const file = Walk(*tree, {"usr", "lib", "deep", "file"});
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(tree->Data(*file, 0, 100), "content");
  EXPECT_EQ(tree->Data(*file, 3, 2), "te");
  EXPECT_EQ(tree->Data(*file, 7, 100), "");
  EXPECT_EQ(Walk(*tree, {"usr", "lib", "link"})->target, "deep/file");
  EXPECT_EQ(Walk(*tree, {"usr", "lib", "empty"})->attributes.st_size, 0);
  EXPECT_EQ(Walk(*tree, {"usr"})->entries.size(), 1u);
  EXPECT_EQ(Walk(*tree, {"usr", "other"}), nullptr);
}

TEST_F(MemoryTreeTest, TreesThatOverlapAreOne) {
  const auto tree = Load({"/usr/lib/deep", "/usr", "usr/other"});
  ASSERT_TRUE(tree.ok()) << tree.status();
  // The root, usr, lib, deep, file, empty, link, other, file.
  EXPECT_EQ(tree->node_count(), 9u);
  EXPECT_EQ(tree->Data(*Walk(*tree, {"usr", "other", "file"}), 9999, 100), "x");
  EXPECT_EQ(Walk(*tree, {"usr", "lib"})->entries.size(), 3u);
}

TEST_F(MemoryTreeTest, WhatIsNoDirectoryIsAnErrorWithItsPath) {
  EXPECT_EQ(StatusErrno(Load({"/usr/missing"}).status()), ENOENT);
  const auto file = Load({"/usr/lib/empty"});
  EXPECT_EQ(StatusErrno(file.status()), ENOTDIR);
  EXPECT_NE(file.status().message().find("usr/lib/empty"), absl::string_view::npos);
}

TEST_F(MemoryTreeTest, WhatIsNoNodeIsNotFound) {
  const auto tree = Load({});
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_EQ(tree->Find(0), nullptr);
  EXPECT_NE(tree->Find(MemoryTree::kRootNode), nullptr);
  EXPECT_EQ(tree->Find(2), nullptr);
}

}  // namespace
}  // namespace coppice
