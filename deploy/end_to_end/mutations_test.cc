// Every call that would change something says EROFS, mounted with `ro` and without.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "deploy/end_to_end/entries.h"
#include "deploy/end_to_end/mounted_tree_fixture.h"
#include "deploy/end_to_end/sample_tree.h"
#include "common/file_descriptor.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

struct Mutation {
  std::string name;
  std::function<long()> call;
};

// The tests of one suite see one mount, so there is a suite for each way of mounting.
class MutationsTest : public MountedTreeTest {
 protected:
  static void SetUpTestSuite() { Fill({}); }
  static void Fill(const MountedTreeOptions& options) {
    MountForSuite([](const MountedTree& tree) { FillSampleTree(tree.Original()); }, options);
  }

  static long Open(const std::string& path, int flags) { return open(path.c_str(), flags, 0644); }

  static long Bind(const std::string& path) {
    const FileDescriptor local(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path.c_str());
    return bind(local.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
  }

  static void ExpectAllRefused(const std::vector<Mutation>& mutations) {
    for (const Mutation& mutation : mutations) {
      EXPECT_EQ(ErrnoOf(mutation.call()), EROFS) << mutation.name;
    }
  }
  static void OpensForWritingFail();
  static void NamesCannotBeChanged();
  static void AttributesCannotBeChanged();
  static void DescriptorsChangeNothing();
  static void NothingHasChanged();

  static inline const char* const kFile = "sizes/4097";
};

class ReadWriteMutationsTest : public MutationsTest {
 protected:
  static void SetUpTestSuite() { Fill({.client_flags = {"--read_write_mount"}}); }
};

void MutationsTest::OpensForWritingFail() {
  const std::string file = Shown(kFile), fresh = Shown("fresh"), link = Shown("links/relative");
  ExpectAllRefused({
      {"write", [&] { return Open(file, O_WRONLY); }},
      {"read and write", [&] { return Open(file, O_RDWR); }},
      {"append", [&] { return Open(file, O_WRONLY | O_APPEND); }},
      {"truncate", [&] { return Open(file, O_WRONLY | O_TRUNC); }},
      {"read, truncating", [&] { return Open(file, O_RDONLY | O_TRUNC); }},
      {"write and create what is there", [&] { return Open(file, O_WRONLY | O_CREAT); }},
      {"write through a link", [&] { return Open(link, O_WRONLY); }},
      {"create", [&] { return Open(fresh, O_WRONLY | O_CREAT); }},
      {"create to read", [&] { return Open(fresh, O_RDONLY | O_CREAT); }},
      {"create alone", [&] { return Open(fresh, O_WRONLY | O_CREAT | O_EXCL); }},
      {"creat", [&] { return creat(fresh.c_str(), 0644); }},
  });
  // No question of change: what is there is opened.
  const FileDescriptor there(open(file.c_str(), O_RDONLY | O_CREAT, 0644));
  EXPECT_TRUE(there.valid());
  EXPECT_EQ(ErrnoOf(Open(file, O_WRONLY | O_CREAT | O_EXCL)), EEXIST);
}

void MutationsTest::NamesCannotBeChanged() {
  const std::string file = Shown(kFile), fresh = Shown("fresh"), folder = Shown("empty"),
                    deep = Shown("links/deeper/fresh");
  const auto exchange = [&] {
    return syscall(SYS_renameat2, AT_FDCWD, file.c_str(), AT_FDCWD, Shown("sizes/1").c_str(),
                   RENAME_EXCHANGE);
  };
  ExpectAllRefused({
      {"mkdir", [&] { return mkdir(fresh.c_str(), 0755); }},
      {"mkdir below", [&] { return mkdir(deep.c_str(), 0755); }},
      {"rmdir", [&] { return rmdir(folder.c_str()); }},
      {"rmdir of a full one", [&] { return rmdir(Shown("links").c_str()); }},
      {"unlink", [&] { return unlink(file.c_str()); }},
      {"unlink of a link", [&] { return unlink(Shown("links/dangling").c_str()); }},
      {"rename", [&] { return rename(file.c_str(), fresh.c_str()); }},
      {"rename over another", [&] { return rename(file.c_str(), Shown("sizes/1").c_str()); }},
      {"rename of a directory", [&] { return rename(folder.c_str(), fresh.c_str()); }},
      {"exchange", exchange},
      {"link", [&] { return link(file.c_str(), fresh.c_str()); }},
      {"symlink", [&] { return symlink("x", fresh.c_str()); }},
      {"mkfifo", [&] { return mkfifo(fresh.c_str(), 0644); }},
      {"mknod of a file", [&] { return mknod(fresh.c_str(), S_IFREG | 0644, 0); }},
      {"bind", [&] { return Bind(fresh); }},
  });
}

void MutationsTest::AttributesCannotBeChanged() {
  const std::string file = Shown(kFile), link = Shown("links/relative"), folder = Shown("empty");
  const timespec times[] = {{1, 2}, {3, 4}};
  ExpectAllRefused({
      {"chmod", [&] { return chmod(file.c_str(), 0600); }},
      {"chmod of a directory", [&] { return chmod(folder.c_str(), 0700); }},
      {"chown", [&] { return chown(file.c_str(), getuid(), getgid()); }},
      {"lchown of a link", [&] { return lchown(link.c_str(), getuid(), getgid()); }},
      {"truncate", [&] { return truncate(file.c_str(), 1); }},
      {"truncate to the same size", [&] { return truncate(file.c_str(), 4097); }},
      {"utimensat", [&] { return utimensat(AT_FDCWD, file.c_str(), times, 0); }},
      {"utimensat now", [&] { return utimensat(AT_FDCWD, file.c_str(), nullptr, 0); }},
      {"utime", [&] { return utime(file.c_str(), nullptr); }},
      {"setxattr", [&] { return setxattr(file.c_str(), "user.x", "y", 1, 0); }},
      {"setxattr of a directory", [&] { return setxattr(folder.c_str(), "user.x", "y", 1, 0); }},
      {"removexattr", [&] { return removexattr(file.c_str(), "user.x"); }},
  });
}

void MutationsTest::DescriptorsChangeNothing() {
  const FileDescriptor file(open(Shown(kFile).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(file.valid());
  const timespec times[] = {{1, 2}, {3, 4}};
  ExpectAllRefused({
      {"fchmod", [&] { return fchmod(file.get(), 0600); }},
      {"fchown", [&] { return fchown(file.get(), getuid(), getgid()); }},
      {"futimens", [&] { return futimens(file.get(), times); }},
      {"fsetxattr", [&] { return fsetxattr(file.get(), "user.x", "y", 1, 0); }},
      {"fremovexattr", [&] { return fremovexattr(file.get(), "user.x"); }},
  });
  // None is ever open for writing, which the kernel finds first.
  EXPECT_EQ(ErrnoOf(write(file.get(), "x", 1)), EBADF);
  EXPECT_EQ(ErrnoOf(pwrite(file.get(), "x", 1, 0)), EBADF);
  EXPECT_EQ(ErrnoOf(ftruncate(file.get(), 0)), EINVAL);
  EXPECT_EQ(ErrnoOf(fallocate(file.get(), 0, 0, 1)), EBADF);
  EXPECT_EQ(ErrnoOf(ioctl(file.get(), FICLONE, file.get())), EBADF);
  const FileDescriptor unnamed(open(Shown().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  EXPECT_FALSE(unnamed.valid());
  EXPECT_TRUE(errno == EROFS || errno == EOPNOTSUPP) << errno;
}

void MutationsTest::NothingHasChanged() {
  OpensForWritingFail();
  NamesCannotBeChanged();
  AttributesCannotBeChanged();
  DescriptorsChangeNothing();
  const auto names = EntriesBelow(Original());
  EXPECT_EQ(EntriesBelow(Shown()), names);
  for (const std::string& name : names) {
    EXPECT_EQ(AttributesText(Shown(name)), AttributesText(Original(name))) << name;
  }
}

TEST_F(MutationsTest, W3_OpensForWritingFail) { OpensForWritingFail(); }
TEST_F(MutationsTest, W3_NamesCannotBeChanged) { NamesCannotBeChanged(); }
TEST_F(MutationsTest, W3_AttributesCannotBeChanged) { AttributesCannotBeChanged(); }
TEST_F(MutationsTest, W3_DescriptorsChangeNothing) { DescriptorsChangeNothing(); }
TEST_F(MutationsTest, W3_NothingHasChangedAfterwards) { NothingHasChanged(); }

TEST_F(MutationsTest, AskingForWriteAccessTellsThatTheFileSystemIsReadOnly) {
  for (const char* name : {kFile, "empty", "modes/file420"}) {
    EXPECT_EQ(ErrnoOf(access(Shown(name).c_str(), W_OK)), EROFS) << name;
    EXPECT_EQ(ErrnoOf(access(Shown(name).c_str(), R_OK)), 0) << name;
  }
}

TEST_F(MutationsTest, TheKernelRefusesToo) {
  const FileDescriptor file(open(Shown(kFile).c_str(), O_RDONLY | O_CLOEXEC));
  int flags = 0;
  EXPECT_EQ(ErrnoOf(ioctl(file.get(), FS_IOC_SETFLAGS, &flags)), EROFS);
}

TEST_F(ReadWriteMutationsTest, W3_OpensForWritingFail) { OpensForWritingFail(); }
TEST_F(ReadWriteMutationsTest, W3_NamesCannotBeChanged) { NamesCannotBeChanged(); }
TEST_F(ReadWriteMutationsTest, W3_AttributesCannotBeChanged) { AttributesCannotBeChanged(); }
TEST_F(ReadWriteMutationsTest, W3_DescriptorsChangeNothing) { DescriptorsChangeNothing(); }
TEST_F(ReadWriteMutationsTest, W3_NothingHasChangedAfterwards) { NothingHasChanged(); }

TEST_F(ReadWriteMutationsTest, FilesAreReadAllTheSame) {
  const FileDescriptor shown(open(Shown(kFile).c_str(), O_RDONLY | O_CLOEXEC));
  const FileDescriptor original(open(Original(kFile).c_str(), O_RDONLY | O_CLOEXEC));
  char bytes[2][5000] = {};
  EXPECT_EQ(pread(shown.get(), bytes[0], 5000, 0), 4097);
  EXPECT_EQ(pread(original.get(), bytes[1], 5000, 0), 4097);
  EXPECT_EQ(std::string(bytes[0], 4097), std::string(bytes[1], 4097));
}

}  // namespace
}  // namespace coppice
