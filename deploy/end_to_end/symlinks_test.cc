// Symbolic links through Coppice, with and without --rewrite_symlinks.
#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "deploy/end_to_end/entries.h"
#include "deploy/end_to_end/mounted_tree_fixture.h"
#include "deploy/end_to_end/sample_tree.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

std::string Target(const std::string& path) {
  char target[PATH_MAX + 1];
  const ssize_t size = readlink(path.c_str(), target, sizeof(target));
  return size < 0 ? strerrorname_np(errno) : std::string(target, size);
}

// The errno of following it, 0 for success.
int FollowErrno(const std::string& path) {
  struct stat stat = {};
  return ErrnoOf(::stat(path.c_str(), &stat));
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

class SymlinksTest : public MountedTreeTest {
 protected:
  static void SetUpTestSuite() {
    MountForSuite([](const MountedTree& tree) { FillSampleTree(tree.Original()); });
  }
};

TEST_F(SymlinksTest, EveryTargetIsThatOfTheOriginal) {
  int links = 0;
  for (const std::string& name : EntriesBelow(Original())) {
    if (!S_ISLNK(LinkStat(Original(name)).st_mode)) continue;
    ++links;
    EXPECT_EQ(Target(Shown(name)), Target(Original(name))) << name;
    EXPECT_EQ(FollowErrno(Shown(name)), FollowErrno(Original(name))) << name;
  }
  EXPECT_GT(links, 15);
}

TEST_F(SymlinksTest, ALoopIsEloopAndADanglingLinkEnoent) {
  for (const char* loop : {"links/loop_a", "links/loop_b", "links/itself", "links/itself/below"}) {
    EXPECT_EQ(FollowErrno(Shown(loop)), ELOOP) << loop;
    EXPECT_EQ(ErrnoOf(open(Shown(loop).c_str(), O_RDONLY)), ELOOP) << loop;
  }
  EXPECT_EQ(FollowErrno(Shown("links/dangling")), ENOENT);
  EXPECT_EQ(FollowErrno(Shown("links/to_directory/not there")), ENOENT);
}

TEST_F(SymlinksTest, RelativeLinksLeadWithinTheMount) {
  const struct stat file = LinkStat(Shown("links/file"));
  for (const char* link : {"links/relative", "links/deeper/up", "links/to_directory/up",
                           "links/to_directory/hard", "links/to_directory_slash/roundabout/hard"}) {
    struct stat stat = {};
    ASSERT_EQ(::stat(Shown(link).c_str(), &stat), 0) << link;
    EXPECT_EQ(stat.st_ino, file.st_ino) << link;
    EXPECT_EQ(stat.st_dev, file.st_dev) << link;
  }
  EXPECT_EQ(TextOf(Shown("links/relative")), TextOf(Original("links/file")));
}

TEST_F(SymlinksTest, WithoutRewritingAbsoluteLinksLeadOutOfTheMount) {
  struct stat stat = {};
  ASSERT_EQ(::stat(Shown("links/absolute_inside").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_dev, LinkStat(Original("links/file")).st_dev);
}

class RewrittenSymlinksTest : public MountedTreeTest {
 protected:
  static void SetUpTestSuite() {
    MountForSuite([](const MountedTree& tree) { FillSampleTree(tree.Original()); },
                  {.client_flags = {"--rewrite_symlinks"}});
  }
};

TEST_F(RewrittenSymlinksTest, W15_AbsoluteTargetsInsideTheExportRootLeadUnderTheMount) {
  EXPECT_EQ(Target(Shown("links/absolute_inside")), Shown("links/file"));
  EXPECT_EQ(Target(Shown("links/absolute_inside_slash")), Shown("links/deeper/"));
  EXPECT_EQ(Target(Shown("links/absolute_root")), Shown());
  EXPECT_EQ(Target(Shown("links/absolute_dangling")), Shown("not there"));
  struct stat stat = {};
  ASSERT_EQ(::stat(Shown("links/absolute_inside").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_dev, LinkStat(Shown()).st_dev);
  EXPECT_EQ(stat.st_ino, LinkStat(Shown("links/file")).st_ino);
  EXPECT_EQ(TextOf(Shown("links/absolute_root/links/absolute_inside")),
            TextOf(Original("links/file")));
}

TEST_F(RewrittenSymlinksTest, TheSizeOfALinkIsTheLengthOfWhatItShows) {
  // By name first, then from a listing.
  for (int round = 0; round < 2; ++round) {
    for (const std::string& name : EntriesBelow(Original("links"))) {
      const std::string path = Shown("links/" + name);
      const struct stat stat = LinkStat(path);
      if (!S_ISLNK(stat.st_mode)) continue;
      EXPECT_EQ(stat.st_size, static_cast<off_t>(Target(path).size())) << path;
    }
    EXPECT_EQ(EntriesBelow(Shown("links")), EntriesBelow(Original("links")));
  }
}

TEST_F(RewrittenSymlinksTest, AllOtherTargetsStay) {
  int stayed = 0;
  for (const std::string& name : EntriesBelow(Original("links"))) {
    const std::string original = Original("links/" + name);
    if (!S_ISLNK(LinkStat(original).st_mode)) continue;
    const std::string target = Target(original);
    const bool inside = target == Original() || (absl::StartsWith(target, Original() + "/") &&
                                                 !absl::StartsWith(target, Original() + "/.."));
    if (inside) continue;
    ++stayed;
    EXPECT_EQ(Target(Shown("links/" + name)), target);
  }
  EXPECT_GE(stayed, 13);
}

TEST_F(RewrittenSymlinksTest, NothingElseChanges) {
  for (const std::string& name : EntriesBelow(Original())) {
    if (S_ISLNK(LinkStat(Original(name)).st_mode)) continue;
    EXPECT_EQ(AttributesText(Shown(name)), AttributesText(Original(name))) << name;
  }
}

}  // namespace
}  // namespace coppice
