// The same tree, seen by many readers at once, through long chains and through caches that are too
// small for it.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/end_to_end/entries.h"
#include "deploy/end_to_end/file_bytes.h"
#include "deploy/end_to_end/mounted_tree_fixture.h"
#include "deploy/end_to_end/sample_tree.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr int kReaders = 16;
constexpr size_t kMiB = size_t{1} << 20;

// How many entries differ from the original, in attributes or bytes. Looks at them in an order that
// depends on `reader`.
int CountDifferent(const MountedTree& tree, std::vector<std::string> names, int reader) {
  std::shuffle(names.begin(), names.end(), std::mt19937(reader));
  int different = 0;
  for (const std::string& name : names) {
    if (AttributesText(tree.Shown(name)) != AttributesText(tree.Original(name))) ++different;
    if (!S_ISREG(LinkStat(tree.Original(name)).st_mode)) continue;
    const auto shown = ReadWhole(tree.Shown(name));
    const auto original = ReadWhole(tree.Original(name));
    if (shown.ok() != original.ok() || (shown.ok() && *shown != *original)) ++different;
  }
  return different;
}

class ReadersTest : public ::testing::Test {
 protected:
  void Mount(const MountedTreeOptions& options) {
    const absl::Status mounted = tree_.Mount(options);
    if (absl::IsUnavailable(mounted)) GTEST_SKIP() << "NOT TESTED: " << mounted;
    ASSERT_TRUE(mounted.ok()) << mounted;
  }

  // Of each process, how many entries it found different.
  std::vector<int> ReadByMany() {
    const std::vector<std::string> names = EntriesBelow(tree_.Original());
    std::vector<pid_t> readers;
    for (int reader = 0; reader < kReaders; ++reader) {
      const pid_t child = fork();
      // An exit code has eight bits.
      if (child == 0) _exit(std::min(CountDifferent(tree_, names, reader), 255));
      readers.push_back(child);
    }
    std::vector<int> found;
    for (const pid_t reader : readers) {
      int status = 0;
      EXPECT_EQ(waitpid(reader, &status, 0), reader);
      found.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    }
    return found;
  }

  MountedTree tree_;
};

TEST_F(ReadersTest, ManyAtOnceOnAColdMountAllSeeTheOriginal) {
  FillSampleTree(tree_.Original());
  ASSERT_NO_FATAL_FAILURE(Mount({}));
  if (IsSkipped()) return;
  EXPECT_EQ(ReadByMany(), std::vector<int>(kReaders, 0));
  EXPECT_EQ(ReadByMany(), std::vector<int>(kReaders, 0));
}

TEST_F(ReadersTest, CachesTooSmallForAnyDirectoryOrFileOnlyCostTime) {
  FillSampleTree(tree_.Original());
  WriteRandomFile(tree_.Original("large"), 40 * kMiB + 1, 1);
  ASSERT_NO_FATAL_FAILURE(Mount({.peer_flags = {"--cache_bytes=2MiB", "--metadata_bytes=4KiB"}}));
  if (IsSkipped()) return;
  EXPECT_EQ(ReadByMany(), std::vector<int>(kReaders, 0));
}

TEST_F(ReadersTest, EndsOfChainsOfAnyLengthSeeTheOriginal) {
  for (const size_t nodes : {1, 5}) {
    MountedTree tree;
    FillSampleTree(tree.Original());
    WriteRandomFile(tree.Original("large"), 20 * kMiB + 1, nodes);
    const absl::Status mounted = tree.Mount({.node_count = nodes});
    if (absl::IsUnavailable(mounted)) GTEST_SKIP() << "NOT TESTED: " << mounted;
    ASSERT_TRUE(mounted.ok()) << mounted;
    const auto names = EntriesBelow(tree.Original());
    EXPECT_EQ(EntriesBelow(tree.Shown()), names);
    EXPECT_EQ(CountDifferent(tree, names, 0), 0) << nodes << " nodes";
  }
}

}  // namespace
}  // namespace coppice
