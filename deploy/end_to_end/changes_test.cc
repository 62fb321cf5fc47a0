// The backing file system changes under the mount. What was told may be told on for as long as the
// flags say; a mix of old and new bytes is never shown, and nobody waits for ever.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/end_to_end/entries.h"
#include "deploy/end_to_end/file_bytes.h"
#include "deploy/end_to_end/mounted_tree_fixture.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr size_t kSize = (size_t{3} << 20) + 5;

// Time has to pass by itself: the question is only whether the answer comes.
bool ComesTrue(const std::function<bool()>& question) {
  const absl::Time end = absl::Now() + kPatience;
  while (absl::Now() < end) {
    if (question()) return true;
  }
  return question();
}

void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

class ChangesTest : public MountedTreeTest {
 protected:
  static void SetUpTestSuite() {
    // What exists is believed for the job's life by default, and then old bytes for as long.
    const std::vector<std::string> flags = {"--negative_ttl=300ms", "--metadata_ttl=300ms"};
    MountForSuite([](const MountedTree&) {}, {.peer_flags = flags, .client_flags = flags});
  }

  // A directory with a file of each name, all seen through the mount, none read.
  static std::string MakeSeen(const std::string& directory, const std::string& text) {
    std::filesystem::create_directory(Original(directory));
    const std::string file = directory + "/file";
    Write(Original(file), text);
    EXPECT_TRUE(ComesTrue([&] { return access(Shown(file).c_str(), F_OK) == 0; }));
    return file;
  }

  // That each reading is `old` or `fresh` as a whole, or ESTALE, and at last `fresh`.
  static void ExpectNoMix(const std::string& file, const std::string& old,
                          const std::string& fresh) {
    EXPECT_TRUE(ComesTrue([&] {
      const auto bytes = ReadWhole(Shown(file));
      if (bytes.ok()) {
        EXPECT_TRUE(*bytes == old || *bytes == fresh);
        return *bytes == fresh;
      }
      EXPECT_EQ(StatusErrno(bytes.status()), ESTALE) << bytes.status();
      return false;
    }));
  }
};

TEST_F(ChangesTest, ANewNameIsFoundAndListed) {
  MakeSeen("new", "x");
  EXPECT_EQ(ErrnoOf(access(Shown("new/late").c_str(), F_OK)), ENOENT);
  EXPECT_EQ(EntriesBelow(Shown("new")).size(), 2u);
  Write(Original("new/late"), "late");
  EXPECT_TRUE(ComesTrue([] { return access(Shown("new/late").c_str(), F_OK) == 0; }));
  EXPECT_TRUE(ComesTrue([] { return EntriesBelow(Shown("new")).size() == 3; }));
  EXPECT_EQ(*ReadWhole(Shown("new/late")), "late");
}

TEST_F(ChangesTest, ARemovedNameLeavesTheListing) {
  const std::string file = MakeSeen("removed", "x");
  EXPECT_EQ(EntriesBelow(Shown("removed")).size(), 2u);
  ASSERT_EQ(unlink(Original(file).c_str()), 0);
  EXPECT_TRUE(ComesTrue([] { return EntriesBelow(Shown("removed")).size() == 1; }));
}

TEST_F(ChangesTest, AReplacedFileIsReadAsOneOrTheOther) {
  const std::string old(kSize, 'o'), fresh(kSize + 7, 'f');
  const std::string file = MakeSeen("replaced", old);
  // The first block is with the kernel, the others are not.
  EXPECT_EQ(*ReadAt(OpenToRead(Shown(file)), 0, 10), "oooooooooo");
  Write(Original("replaced/next"), fresh);
  ASSERT_EQ(rename(Original("replaced/next").c_str(), Original(file).c_str()), 0);
  ExpectNoMix(file, old, fresh);
}

TEST_F(ChangesTest, AFileRewrittenInPlaceIsReadAsOneOrTheOther) {
  const std::string old(kSize, 'o'), fresh(kSize, 'f');
  const std::string file = MakeSeen("rewritten", old);
  EXPECT_EQ(*ReadAt(OpenToRead(Shown(file)), 0, 10), "oooooooooo");
  Write(Original(file), fresh);
  ExpectNoMix(file, old, fresh);
}

TEST_F(ChangesTest, AGrownFileIsReadAsOneOrTheOther) {
  const std::string old(kSize, 'o'), fresh = old + std::string(100, 'f');
  const std::string file = MakeSeen("grown", old);
  EXPECT_EQ(*ReadAt(OpenToRead(Shown(file)), 0, 10), "oooooooooo");
  std::ofstream(Original(file), std::ios::app) << std::string(100, 'f');
  ExpectNoMix(file, old, fresh);
}

// ctime is part of a version, so another hard link is another version: one reading may fail.
TEST_F(ChangesTest, AFileOfWhichOnlyTheAttributesChangeIsReadAgain) {
  const std::string text(kSize, 't');
  const std::string file = MakeSeen("linked", text);
  ASSERT_EQ(link(Original(file).c_str(), Original("linked/second").c_str()), 0);
  ExpectNoMix(file, text, text);
  ASSERT_EQ(chmod(Original(file).c_str(), 0640), 0);
  ExpectNoMix(file, text, text);
  EXPECT_TRUE(ComesTrue([&] { return *ReadWhole(Shown("linked/second")) == text; }));
}

TEST_F(ChangesTest, WhatWasReadStaysReadableWhereTheFileIsGone) {
  const std::string text(kSize, 't');
  const std::string file = MakeSeen("gone", text);
  const FileDescriptor open_file = OpenToRead(Shown(file));
  ASSERT_EQ(*ReadAt(open_file, 0, kSize), text);
  ASSERT_EQ(unlink(Original(file).c_str()), 0);
  EXPECT_TRUE(*ReadAt(open_file, 0, kSize) == text);
  EXPECT_TRUE(ComesTrue([&] { return access(Shown(file).c_str(), F_OK) != 0; }));
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(ChangesTest, ANameMayBecomeAnotherKindOfThing) {
  const std::string name = MakeSeen("kind", "file");
  ASSERT_EQ(unlink(Original(name).c_str()), 0);
  ASSERT_TRUE(std::filesystem::create_directory(Original(name)));
  Write(Original(name + "/inner"), "inner");
  EXPECT_TRUE(ComesTrue([&] { return ReadWhole(Shown(name + "/inner")).ok(); }));
  std::filesystem::remove_all(Original(name));
  ASSERT_EQ(symlink("../kind", Original(name).c_str()), 0);
  EXPECT_TRUE(ComesTrue([&] { return std::filesystem::is_symlink(Shown(name)); }));
  EXPECT_EQ(AttributesText(Shown(name)), AttributesText(Original(name)));
}

class LastingTest : public MountedTreeTest {
 protected:
  static void SetUpTestSuite() {
    MountForSuite(
        [](const MountedTree& tree) {
          Write(tree.Original("read"), "old");
          Write(tree.Original("seen"), "old");
        },
        {.peer_flags = {"--negative_ttl=300ms"}, .client_flags = {"--negative_ttl=300ms"}});
  }
};

TEST_F(LastingTest, ByDefaultWhatWasReadIsToldForTheLifeOfTheMount) {
  const std::string before = AttributesText(Shown("read"));
  EXPECT_EQ(*ReadWhole(Shown("read")), "old");
  Write(Original("read"), "fresh");
  // A new name appears, and with it the time has passed after which names are asked for again.
  Write(Original("late"), "x");
  ASSERT_TRUE(ComesTrue([] { return access(Shown("late").c_str(), F_OK) == 0; }));
  EXPECT_EQ(AttributesText(Shown("read")), before);
  EXPECT_EQ(*ReadWhole(Shown("read")), "old");
}

// The kernel knows the old attributes, nobody the old bytes.
TEST_F(LastingTest, AFileThatChangedBeforeItWasReadFailsOnceAndIsThenNew) {
  EXPECT_EQ(LinkStat(Shown("seen")).st_size, 3);
  Write(Original("seen"), "fresh");
  EXPECT_EQ(StatusErrno(ReadWhole(Shown("seen")).status()), ESTALE);
  EXPECT_TRUE(ComesTrue([] {
    const auto bytes = ReadWhole(Shown("seen"));
    return bytes.ok() && *bytes == "fresh";
  }));
}

}  // namespace
}  // namespace coppice
