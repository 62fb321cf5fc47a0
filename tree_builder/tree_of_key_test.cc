#include "tree_builder/tree_of_key.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

// The shares of the trees, each within a tenth of the even one.
void ExpectEven(const std::vector<uint32_t>& counts, uint32_t keys) {
  const double even = static_cast<double>(keys) / static_cast<double>(counts.size());
  for (const uint32_t count : counts) EXPECT_NEAR(count, even, even / 10);
}

TEST(TreeOfKeyTest, OneTreeHasEverything) {
  EXPECT_EQ(TreeOfDirectory("usr/lib", 1), 0u);
  EXPECT_EQ(TreeOfBlock("usr/lib/x", 7, 1), 0u);
}

TEST(TreeOfKeyTest, DirectoriesAreSpreadEvenly) {
  for (const uint32_t trees : {2u, 3u, 4u, 8u, 64u}) {
    std::vector<uint32_t> counts(trees);
    for (uint32_t i = 0; i < 100'000; ++i) {
      ++counts[TreeOfDirectory(absl::StrCat("usr/lib/python3/site-packages/p", i), trees)];
    }
    ExpectEven(counts, 100'000);
  }
}

TEST(TreeOfKeyTest, BlocksOfOneFileAreSpreadEvenly) {
  for (const uint32_t trees : {2u, 4u, 64u}) {
    std::vector<uint32_t> counts(trees);
    for (uint64_t i = 0; i < 100'000; ++i) ++counts[TreeOfBlock("lib/libtorch.so", i, trees)];
    ExpectEven(counts, 100'000);
  }
}

TEST(TreeOfKeyTest, FirstBlocksOfFilesAreSpreadEvenly) {
  std::vector<uint32_t> counts(4);
  for (uint32_t i = 0; i < 100'000; ++i) ++counts[TreeOfBlock(absl::StrCat("d/", i), 0, 4)];
  ExpectEven(counts, 100'000);
}

// Processes of different builds must agree: another value would be another format. The first is
// XXH3 of nothing, 0x2d06800538d394c2.
TEST(TreeOfKeyTest, TheAnswerIsTheSameInEveryProcess) {
  EXPECT_EQ(TreeOfDirectory("", 1'000'000), 175'880u);
  EXPECT_EQ(TreeOfDirectory("usr/lib", 1'000'000), 725'591u);
  EXPECT_EQ(TreeOfBlock("usr/lib/x", 0, 1'000'000), 212'162u);
  EXPECT_EQ(TreeOfBlock("usr/lib/x", 1, 1'000'000), 999'503u);
}

}  // namespace
}  // namespace coppice
