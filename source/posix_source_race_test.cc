// What PosixSource says when the file system changes under it, each at a chosen instant.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/testing/posix_fixture.h"

namespace coppice {
namespace {

class PosixSourceRaceTest : public testing::Test {
 protected:
  Source& source() { return fixture_.source(); }
  const TemporaryDirectory& directory() { return fixture_.directory(); }
  static Path MakePath(absl::string_view text) { return PosixFixture::MakePath(text); }
  void SetUp() override { directory().Write("file", "old bytes"); }

  // The file's bytes change in place, its mtime too, also within one tick of the clock.
  void Overwrite(const std::string& bytes) {
    directory().Write("file", bytes);
    const timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = ++mtime_s_}};
    ASSERT_EQ(utimensat(AT_FDCWD, directory().Below("file").c_str(), times, 0), 0);
  }
  // A new name in directory d, which shows in its times even within one tick of the clock.
  void AddToDirectory(const std::string& name) {
    directory().Write("d/" + name, "");
    const timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = ++mtime_s_}};
    ASSERT_EQ(utimensat(AT_FDCWD, directory().Below("d").c_str(), times, 0), 0);
  }
  void Replace(const std::string& bytes) {
    directory().Write("new", bytes);
    ASSERT_EQ(rename(directory().Below("new").c_str(), directory().Below("file").c_str()), 0);
  }
  int BlockErrno(const BlockKey& key) { return StatusErrno(AwaitBlock(source(), key).status()); }

  std::function<void()> on_names_read_, on_bytes_read_;
  PosixFixture fixture_{{.names_read =
                             [this](const Path&) {
                               if (on_names_read_) on_names_read_();
                             },
                         .bytes_read =
                             [this](const Path&) {
                               if (on_bytes_read_) on_bytes_read_();
                             }}};
  time_t mtime_s_ = 1'000;
};

TEST_F(PosixSourceRaceTest, AFileThatGrowsBetweenReadAndCheckIsESTALE) {
  const BlockKey key = fixture_.KeyOf("file");
  on_bytes_read_ = [this] { Overwrite("old bytes and more"); };
  EXPECT_EQ(BlockErrno(key), ESTALE);
  EXPECT_EQ(fixture_.Count("stale"), 1u);
}

TEST_F(PosixSourceRaceTest, AFileThatChangesDuringASeekIsESTALE) {
  const BlockKey key = fixture_.KeyOf("file");
  on_bytes_read_ = [this] { Overwrite("new bytes"); };
  for (const ExtentKind kind : {ExtentKind::kData, ExtentKind::kHole}) {
    EXPECT_EQ(StatusErrno(AwaitExtent(source(), key.path, key.version, 0, kind).status()), ESTALE);
  }
}

TEST_F(PosixSourceRaceTest, AFileThatChangesInPlaceAtEqualSizeIsESTALE) {
  const BlockKey key = fixture_.KeyOf("file");
  on_bytes_read_ = [this] { Overwrite("new bytes"); };
  EXPECT_EQ(BlockErrno(key), ESTALE);
}

TEST_F(PosixSourceRaceTest, AnOpenFileThatChangedInPlaceIsESTALEAndItsNewVersionIsRead) {
  const BlockKey old_key = fixture_.KeyOf("file");
  ASSERT_EQ(BlockErrno(old_key), 0);
  Overwrite("new bytes");
  EXPECT_EQ(BlockErrno(old_key), ESTALE);
  const BlockRef block = AwaitBlock(source(), fixture_.KeyOf("file")).value();
  EXPECT_EQ(std::string(block->bytes().data(), block->size()), "new bytes");
}

TEST_F(PosixSourceRaceTest, AFileThatIsCutShortWhileOpenIsESTALE) {
  directory().Write("file", std::string(kBlockBytes + 10, 'x'));
  const BlockKey key = fixture_.KeyOf("file");
  ASSERT_EQ(BlockErrno(key), 0);
  ASSERT_EQ(truncate(directory().Below("file").c_str(), 5), 0);
  BlockKey second = key;
  second.index = 1;
  EXPECT_EQ(BlockErrno(second), ESTALE);
}

TEST_F(PosixSourceRaceTest, AReplacedFileThatIsOpenServesItsOldVersionToTheEnd) {
  directory().Write("file", std::string(kBlockBytes, 'a') + "old");
  BlockKey key = fixture_.KeyOf("file");
  ASSERT_EQ(BlockErrno(key), 0);
  Replace(std::string(kBlockBytes, 'b') + "new");
  key.index = 1;
  const absl::StatusOr<BlockRef> block = AwaitBlock(source(), key);
  ASSERT_TRUE(block.ok()) << block.status();
  EXPECT_EQ(std::string((*block)->bytes().data(), (*block)->size()), "old");
  const BlockRef new_block = AwaitBlock(source(), fixture_.KeyOf("file", 1)).value();
  EXPECT_EQ(std::string(new_block->bytes().data(), new_block->size()), "new");
}

TEST_F(PosixSourceRaceTest, AReplacedFileThatIsNotOpenIsESTALE) {
  const BlockKey key = fixture_.KeyOf("file");
  Replace("new bytes");
  EXPECT_EQ(BlockErrno(key), ESTALE);
}

TEST_F(PosixSourceRaceTest, ARemovedFileThatIsWrittenToThroughAnotherDescriptorIsESTALE) {
  const BlockKey key = fixture_.KeyOf("file");
  ASSERT_EQ(BlockErrno(key), 0);
  const int writer = open(directory().Below("file").c_str(), O_WRONLY);
  ASSERT_GE(writer, 0);
  ASSERT_EQ(unlink(directory().Below("file").c_str()), 0);
  EXPECT_EQ(BlockErrno(key), 0);
  ASSERT_EQ(pwrite(writer, "NEW", 3, 0), 3);
  const timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 77}};
  ASSERT_EQ(futimens(writer, times), 0);
  EXPECT_EQ(BlockErrno(key), ESTALE);
  close(writer);
}

TEST_F(PosixSourceRaceTest, ADirectoryThatChangesWhileItIsReadIsReadAgain) {
  directory().Write("d/first", "");
  int readings = 0;
  on_names_read_ = [this, &readings] {
    if (++readings == 1) AddToDirectory("second");
  };
  const ListingRef listing = AwaitListing(source(), MakePath("d")).value();
  EXPECT_EQ(readings, 2);
  EXPECT_NE(listing->Find("second"), nullptr);
}

TEST_F(PosixSourceRaceTest, ADirectoryThatNeverRestsIsAnsweredUnderAVersionThatIsGone) {
  directory().Write("d/first", "");
  int readings = 0;
  on_names_read_ = [this, &readings] { AddToDirectory(absl::StrCat(++readings)); };
  const ListingRef listing = AwaitListing(source(), MakePath("d")).value();
  EXPECT_EQ(readings, kDirectoryReadsMax);
  EXPECT_EQ(listing->Find(absl::StrCat(readings)), nullptr);
  const PathState now = AwaitAttributes(source(), MakePath("d")).value();
  EXPECT_NE(listing->directory.version, now.attributes->version);
}

TEST_F(PosixSourceRaceTest, ANameThatVanishesBeforeItsLstatIsLeftOut) {
  directory().Write("d/stays", "");
  directory().Write("d/goes", "");
  int readings = 0;
  // It goes after the last reading, which found it.
  on_names_read_ = [this, &readings] {
    AddToDirectory(absl::StrCat(++readings));
    if (readings == kDirectoryReadsMax) unlink(directory().Below("d/goes").c_str());
  };
  const ListingRef listing = AwaitListing(source(), MakePath("d")).value();
  EXPECT_EQ(readings, kDirectoryReadsMax);
  EXPECT_EQ(listing->Find("goes"), nullptr);
  EXPECT_NE(listing->Find("stays"), nullptr);
}

TEST_F(PosixSourceRaceTest, ALinkToTheOutsideIsNeverFollowedInAnyPlace) {
  const TemporaryDirectory outside;
  outside.Write("secret", "secret");
  outside.Write("below/secret", "secret");
  directory().Write("inside/file", "");
  ASSERT_EQ(symlink(outside.path().c_str(), directory().Below("link").c_str()), 0);
  ASSERT_EQ(symlink("inside", directory().Below("inner_link").c_str()), 0);
  for (const char* path : {"link/secret", "link/below/secret", "link/missing", "inner_link/file"}) {
    EXPECT_EQ(StatusErrno(AwaitAttributes(source(), MakePath(path)).status()), ENOTDIR) << path;
    EXPECT_EQ(StatusErrno(AwaitListing(source(), MakePath(path)).status()), ENOTDIR) << path;
    const BlockKey key{.path = MakePath(path), .version = {.id = 1, .size = 6}};
    EXPECT_EQ(BlockErrno(key), ENOTDIR) << path;
    EXPECT_EQ(StatusErrno(AwaitFileSystemStatistics(source(), MakePath(path)).status()), ENOTDIR);
  }
}

TEST_F(PosixSourceRaceTest, ALinkThatIsSwappedInWhileAPathIsWalkedIsNeverFollowed) {
  constexpr int kRequests = 2'000;
  const TemporaryDirectory outside;
  outside.Write("f", "outside");
  directory().Write("mid/f", "inside!");
  ASSERT_EQ(symlink(outside.path().c_str(), directory().Below("link").c_str()), 0);
  const uint64_t inode = AwaitAttributes(source(), MakePath("mid/f")).value().attributes->inode;
  const BlockKey key = fixture_.KeyOf("mid/f");

  std::atomic<bool> stop{false};
  std::thread attacker([this, &stop] {
    const std::string mid = directory().Below("mid");
    const std::string link = directory().Below("link");
    while (!stop) renameat2(AT_FDCWD, mid.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE);
  });
  for (int i = 0; i < kRequests; ++i) {
    const absl::StatusOr<PathState> state = AwaitAttributes(source(), MakePath("mid/f"));
    if (state.ok() && state->attributes.has_value()) {
      EXPECT_EQ(state->attributes->inode, inode);
    } else {
      EXPECT_EQ(StatusErrno(state.status()), ENOTDIR);
    }
    const absl::StatusOr<BlockRef> block = AwaitBlock(source(), key);
    if (block.ok()) {
      EXPECT_EQ(std::string((*block)->bytes().data(), (*block)->size()), "inside!");
    }
  }
  stop = true;
  attacker.join();
}

}  // namespace
}  // namespace coppice
