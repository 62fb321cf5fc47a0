// lstat(2) and readdir(3) through Coppice, against the original.
#include <dirent.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "deploy/end_to_end/entries.h"
#include "deploy/end_to_end/mounted_tree_fixture.h"
#include "deploy/end_to_end/sample_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::IsSupersetOf;

// Of a directory, by name: inode number and type, as readdir(3) says.
std::map<std::string, std::pair<ino_t, unsigned>> DirectoryEntries(const std::string& path) {
  std::map<std::string, std::pair<ino_t, unsigned>> entries;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  EXPECT_NE(folder, nullptr) << path;
  if (folder == nullptr) return entries;
  while (const dirent* entry = readdir(folder.get())) {
    entries[entry->d_name] = {entry->d_ino, entry->d_type};
  }
  return entries;
}

class AttributesTest : public MountedTreeTest {
 protected:
  static constexpr int kFilesPerDevice = 50;

  static void SetUpTestSuite() {
    MountForSuite([](const MountedTree& tree) { FillSampleTree(tree.Original()); });
  }
};

TEST_F(AttributesTest, EveryEntryShowsEveryFieldOfItsOriginal) {
  const auto names = EntriesBelow(Original());
  EXPECT_EQ(EntriesBelow(Shown()), names);
  for (const std::string& name : names) {
    EXPECT_EQ(AttributesText(Shown(name)), AttributesText(Original(name))) << name;
  }
}

TEST_F(AttributesTest, ATreeThatWasNeverListedShowsTheSameByName) {
  MountedTree fresh;
  FillSampleTree(fresh.Original());
  ASSERT_TRUE(fresh.Mount({}).ok());
  for (const std::string& name : EntriesBelow(fresh.Original())) {
    EXPECT_EQ(AttributesText(fresh.Shown(name)), AttributesText(fresh.Original(name))) << name;
  }
}

TEST_F(AttributesTest, InodeNumbersStayAndAreThoseOfTheDirectoryEntry) {
  for (const std::string& name : EntriesBelow(Original())) {
    const struct stat first = LinkStat(Shown(name));
    EXPECT_EQ(LinkStat(Shown(name)).st_ino, first.st_ino) << name;
    if (!S_ISDIR(first.st_mode)) continue;
    for (const auto& [child, entry] : DirectoryEntries(Shown(name))) {
      // What is above the mount is another file system's.
      if (child == ".." && name == ".") continue;
      const struct stat stat = LinkStat(Shown(absl::StrCat(name, "/", child)));
      EXPECT_EQ(entry.first, stat.st_ino) << name << "/" << child;
      EXPECT_EQ(entry.second, IFTODT(stat.st_mode)) << name << "/" << child;
    }
  }
}

TEST_F(AttributesTest, HardLinksShareTheirNumberAndOtherFilesDoNot) {
  // By what the original says they are.
  std::map<std::pair<dev_t, ino_t>, std::set<ino_t>> shown;
  std::set<ino_t> all;
  for (const std::string& name : EntriesBelow(Original())) {
    const struct stat original = LinkStat(Original(name));
    const ino_t number = LinkStat(Shown(name)).st_ino;
    shown[{original.st_dev, original.st_ino}].insert(number);
    all.insert(number);
  }
  for (const auto& [file, numbers] : shown) EXPECT_EQ(numbers.size(), 1u) << file.second;
  EXPECT_EQ(all.size(), shown.size());
  EXPECT_EQ(LinkStat(Shown("links/hard")).st_ino, LinkStat(Shown("links/deeper/hard")).st_ino);
}

TEST_F(AttributesTest, NumbersThatTwoDevicesBothUseAreToldApart) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: mounting a tmpfs needs root";
  MountedTree tree;
  std::map<std::string, std::set<ino_t>> originals;
  for (const char* device : {"first", "second"}) {
    const std::string top = tree.Original(device);
    std::filesystem::create_directory(top);
    ASSERT_EQ(mount("none", top.c_str(), "tmpfs", 0, "size=1m"), 0);
    for (int i = 0; i < kFilesPerDevice; ++i) {
      std::ofstream(absl::StrCat(top, "/", i)) << device << i;
      originals[device].insert(LinkStat(absl::StrCat(top, "/", i)).st_ino);
    }
  }
  // Each tmpfs counts from the start.
  ASSERT_EQ(originals["first"], originals["second"]);
  ASSERT_TRUE(tree.Mount({}).ok());

  std::set<ino_t> shown;
  const auto names = EntriesBelow(tree.Original());
  EXPECT_EQ(names.size(), 2 * kFilesPerDevice + 3u);
  for (const std::string& name : names) {
    shown.insert(LinkStat(tree.Shown(name)).st_ino);
    EXPECT_EQ(AttributesText(tree.Shown(name)), AttributesText(tree.Original(name))) << name;
  }
  EXPECT_EQ(shown.size(), names.size());
  // Where a device is mounted too, though the directory entry of the original is of the other one.
  for (const char* device : {"first", "second"}) {
    EXPECT_EQ(DirectoryEntries(tree.Shown())[device].first, LinkStat(tree.Shown(device)).st_ino);
    for (int i = 0; i < kFilesPerDevice; ++i) {
      std::string text;
      std::ifstream(tree.Shown(absl::StrCat(device, "/", i))) >> text;
      EXPECT_EQ(text, absl::StrCat(device, i));
    }
    umount2(tree.Original(device).c_str(), MNT_DETACH);
  }
}

}  // namespace
}  // namespace coppice
