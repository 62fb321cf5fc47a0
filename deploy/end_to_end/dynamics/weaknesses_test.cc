// The weaknesses of the predecessor that show in a mount, one test for each, through a chain of two
// real peers (docs/weaknesses.md has all of them). They are small on purpose: what each is about is
// tested in breadth elsewhere.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "deploy/end_to_end/dynamics/file_reading.h"
#include "deploy/end_to_end/dynamics/service_fixture.h"
#include "common/file_descriptor.h"
#include "deploy/mount_table.h"
#include "deploy/testing/program_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr size_t kMebibyte = size_t{1} << 20;
// Has a parent.
constexpr size_t kLeaf = 1;

class WeaknessesTest : public ServiceTest {
 protected:
  const std::string bytes_ = Pattern('w', 2 * kMebibyte + 3);
};

// An unreadable file was an empty file, with success, for everybody and for ever.
TEST_F(WeaknessesTest, W1_AFileThatCannotBeReadIsAnErrorAndNeverAnEmptyFile) {
  WriteInPlace(Backing("file"), bytes_);
  Start({.nodes = 2});
  for (size_t i = 0; i < nodes(); ++i) EXPECT_EQ(*SizeOf(At(i, "file")), bytes_.size());
  std::filesystem::rename(Backing("file"), Backing("away"));
  for (size_t i = 0; i < nodes(); ++i) {
    const auto read = ReadWhole(At(i, "file"));
    EXPECT_FALSE(read.ok()) << read->size() << " bytes";
    EXPECT_THAT(StatusErrno(read.status()), testing::AnyOf(ENOENT, ESTALE));
  }
  std::filesystem::rename(Backing("away"), Backing("file"));
  Invalidate(kLeaf, "file");
  for (size_t i = 0; i < nodes(); ++i) EXPECT_TRUE(Reads(At(i, "file"), bytes_));
}

// One read call counted as the whole: beyond 2 GiB a file ended in zeros.
TEST_F(WeaknessesTest, W2_AFileBeyondTwoGibibytesHasItsRightBytesToTheEnd) {
  constexpr off_t kSize = off_t{3} << 30;
  const std::string tail = "the end";
  WriteInPlace(Backing("large"), "the start");
  const FileDescriptor backing(open(Backing("large").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(pwrite(backing.get(), tail.data(), tail.size(), kSize), ssize_t(tail.size()));
  Start({.nodes = 2});
  const auto file = OpenForReading(At(kLeaf, "large"));
  ASSERT_TRUE(file.ok()) << file.status();
  std::string read(100, '\0');
  const ssize_t count = pread(file->get(), read.data(), read.size(), kSize);
  ASSERT_EQ(count, ssize_t(tail.size()));
  EXPECT_EQ(read.substr(0, count), tail);
}

// Changes reported success and were thrown away.
TEST_F(WeaknessesTest, W3_EveryChangeIsRefusedAndNothingChanges) {
  WriteInPlace(Backing("d/file"), "f");
  for (const char* flag : {"--threads=4", "--read_write_mount"}) {
    Start({.nodes = 2, .client_flags = {flag}});
    const std::string file = At(kLeaf, "d/file");
    const std::string other = At(kLeaf, "d/other");
    const std::map<std::string, std::function<int()>> changes = {
        {"open", [&] { return open(file.c_str(), O_WRONLY | O_CLOEXEC); }},
        {"create", [&] { return open(other.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600); }},
        {"truncate", [&] { return truncate(file.c_str(), 0); }},
        {"unlink", [&] { return unlink(file.c_str()); }},
        {"rename", [&] { return rename(file.c_str(), other.c_str()); }},
        {"link", [&] { return link(file.c_str(), other.c_str()); }},
        {"symlink", [&] { return symlink("file", other.c_str()); }},
        {"mkdir", [&] { return mkdir(other.c_str(), 0700); }},
        {"rmdir", [&] { return rmdir(At(kLeaf, "d").c_str()); }},
        {"chmod", [&] { return chmod(file.c_str(), 0600); }},
        {"utimensat", [&] { return utimensat(AT_FDCWD, file.c_str(), nullptr, 0); }}};
    for (const auto& [name, change] : changes) {
      errno = 0;
      EXPECT_EQ(change(), -1) << name;
      EXPECT_EQ(errno, EROFS) << name << " with " << flag;
    }
    EXPECT_THAT(*NamesIn(Backing("d")), ElementsAre("file"));
    EXPECT_EQ(*ReadWhole(Backing("d/file")), "f");
    ASSERT_TRUE(Stop().ok());
  }
}

// Every file was a terminal.
TEST_F(WeaknessesTest, W4_NoFileIsATerminalAndUnknownIoctlsAreEnotty) {
  WriteInPlace(Backing("file"), "f");
  Start({.nodes = 2});
  const auto file = OpenForReading(At(kLeaf, "file"));
  ASSERT_TRUE(file.ok()) << file.status();
  errno = 0;
  EXPECT_EQ(isatty(file->get()), 0);
  EXPECT_EQ(errno, ENOTTY);
  for (const unsigned long request : {100UL, 1900UL, 0x5413UL}) {
    errno = 0;
    EXPECT_EQ(ioctl(file->get(), request, nullptr), -1);
    EXPECT_EQ(errno, ENOTTY) << request;
  }
}

// Both answered 0: a copy that leaves holes out left the data out.
TEST_F(WeaknessesTest, W5_SeekingDataAndHolesNeverSkipsData) {
  WriteInPlace(Backing("file"), bytes_);
  Start({.nodes = 2});
  const auto file = OpenForReading(At(kLeaf, "file"));
  ASSERT_TRUE(file.ok()) << file.status();
  const off_t size = bytes_.size();
  EXPECT_EQ(lseek(file->get(), 0, SEEK_DATA), 0);
  EXPECT_EQ(lseek(file->get(), 0, SEEK_HOLE), size);
  EXPECT_EQ(lseek(file->get(), size - 1, SEEK_DATA), size - 1);
  EXPECT_EQ(lseek(file->get(), size - 1, SEEK_HOLE), size);
  EXPECT_EQ(lseek(file->get(), size, SEEK_DATA), -1);
  EXPECT_EQ(errno, ENXIO);
}

// Beyond a size, each node opened the file for each read, and every error became EBADF.
TEST_F(WeaknessesTest, W6_ALargeFileIsOpenedOnceForAllNodesAndErrorsKeepTheirNumber) {
  const std::string large = Pattern('l', 64 * kMebibyte);
  WriteInPlace(Backing("large"), large);
  WriteInPlace(Backing("gone"), large);
  Start({.nodes = 2});
  const uint64_t before = BackingCounter("opens");
  for (size_t i = 0; i < nodes(); ++i) EXPECT_TRUE(Reads(At(i, "large"), large));
  EXPECT_EQ(BackingCounter("opens") - before, 1u);
  EXPECT_EQ(BackingCounter("bytes"), large.size());

  EXPECT_EQ(*SizeOf(At(kLeaf, "gone")), large.size());
  std::filesystem::remove(Backing("gone"));
  EXPECT_THAT(StatusErrno(ReadWhole(At(kLeaf, "gone")).status()), testing::AnyOf(ENOENT, ESTALE));
  EXPECT_EQ(ErrnoOfLookup(At(kLeaf, std::string(300, 'n'))), ENAMETOOLONG);
  EXPECT_EQ(ErrnoOfLookup(At(kLeaf, "large/below")), ENOTDIR);
}

// A mount hid every path that began with the same letters.
TEST_F(WeaknessesTest, W10_AMountHidesNothingBesideIt) {
  // The mount itself is at top()/mnt.
  WriteInPlace(top() + "/mnt_beside/file", "b");
  WriteInPlace(top() + "/mn/file", "m");
  Start({.nodes = 1, .export_root = "/"});
  EXPECT_EQ(*ReadWhole(MountOf(0) + top() + "/mnt_beside/file"), "b");
  EXPECT_EQ(*ReadWhole(MountOf(0) + top() + "/mn/file"), "m");
  EXPECT_THAT(*NamesIn(MountOf(0) + top()),
              ElementsAre("data", "mn", "mnt", "mnt_beside", "state"));
  // Coppice through Coppice is refused, and does not wait for itself.
  EXPECT_THAT(ErrnoOfLookup(MountOf(0) + MountOf(0) + "/usr"), testing::AnyOf(ELOOP, EACCES));
}

// A failed start left a mount that was not connected, and no message.
TEST_F(WeaknessesTest, W12_APeerThatCannotStartSaysWhyAndEndsWithOne) {
  const std::string socket = "--socket=" + top() + "/own/peer.sock";
  const ProgramRun no_root =
      RunProgram("peer_server/peer_server", {socket, "--export_root=" + top() + "/missing"});
  EXPECT_EQ(no_root.end.code, 1);
  EXPECT_THAT(no_root.standard_error, HasSubstr("/missing"));
  const ProgramRun no_tree =
      RunProgram("peer_server/peer_server", {socket, "--tree=" + top() + "/no_tree"});
  EXPECT_EQ(no_tree.end.code, 1);
  EXPECT_THAT(no_tree.standard_error, HasSubstr("/no_tree"));
}

TEST_F(WeaknessesTest, W12_AClientWithoutAPeerSaysSoAndLeavesNoMount) {
  const std::string mount = top() + "/own_mount";
  std::filesystem::create_directory(mount);
  const ProgramRun alone =
      RunProgram("fuse_client/fuse_client",
                 {"--peer=unix:" + top() + "/nobody.sock", "--operation_timeout=1s", mount});
  EXPECT_EQ(alone.end.code, 1);
  EXPECT_THAT(alone.standard_error, HasSubstr("/nobody.sock"));
  EXPECT_EQ(*MountTypeAt(mount), "");
}

TEST_F(WeaknessesTest, W12_AServiceThatCannotStartNamesTheNodeAndLeavesNoMount) {
  const absl::Status status = TryStart({.nodes = 2, .export_root = top() + "/missing"});
  EXPECT_THAT(std::string(status.message()), HasSubstr("node0: peer_server"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("/missing"));
  EXPECT_FALSE(std::filesystem::exists(top() + "/mnt"));
}

// Every lookup was a hit.
TEST_F(WeaknessesTest, W13_AMissIsCountedAsAMissAndAHitAsAHit) {
  WriteInPlace(Backing("d/file"), bytes_);
  Start({.nodes = 2});
  const auto misses = [&] { return Counter(kLeaf, "block_cache", "misses"); };
  const auto hits = [&] { return Counter(kLeaf, "block_cache", "hits"); };
  EXPECT_EQ(misses(), 0u);
  EXPECT_TRUE(Reads(At(kLeaf, "d/file"), bytes_));
  EXPECT_EQ(misses(), 3u) << "the file has three blocks";
  const uint64_t hits_before = hits();
  // The root had its own misses; now its mount finds the blocks in its memory.
  EXPECT_TRUE(Reads(At(0, "d/file"), bytes_));
  EXPECT_EQ(Counter(0, "block_cache", "misses"), 3u);
  EXPECT_EQ(MountCounter(0, "blocks_loaded"), 0u);
  EXPECT_GE(MountCounter(0, "blocks_found"), 3u);
  EXPECT_EQ(hits(), hits_before);
}

// A link to an absolute path led out of the mount, and nobody was told.
TEST_F(WeaknessesTest, W15_AbsoluteLinksStayWithinTheMountWhenAskedTo) {
  WriteInPlace(Backing("d/file"), bytes_);
  std::filesystem::create_symlink(Backing("d"), Backing("link"));
  Start({.nodes = 2, .client_flags = {"--rewrite_symlinks"}});
  EXPECT_EQ(std::filesystem::read_symlink(At(kLeaf, "link")), At(kLeaf, "d"));
  EXPECT_TRUE(Reads(At(kLeaf, "link/file"), bytes_));
  EXPECT_GE(Counter(kLeaf, "parent", "bytes_received"), bytes_.size()) << "it came another way";
  ASSERT_TRUE(Stop().ok());
  Start({.nodes = 2});
  EXPECT_EQ(std::filesystem::read_symlink(At(kLeaf, "link")), Backing("d"));
}

}  // namespace
}  // namespace coppice
