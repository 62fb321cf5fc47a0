// Calls of programs that read: questions with one right answer, locks, maps, running what is there.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "deploy/end_to_end/file_bytes.h"
#include "deploy/end_to_end/mounted_tree_fixture.h"
#include "deploy/end_to_end/sample_tree.h"
#include "common/file_descriptor.h"
#include "deploy/testing/program_run.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr size_t kMapped = (size_t{5} << 20) + 17;

class CallsTest : public MountedTreeTest {
 protected:
  static void SetUpTestSuite() { MountForSuite(Fill); }

  static void Fill(const MountedTree& tree) {
    namespace fs = std::filesystem;
    FillSampleTree(tree.Original());
    fs::copy_file("deploy/end_to_end/plugin.so", tree.Original("plugin.so"));
    fs::copy_file(fs::canonical("/bin/echo"), tree.Original("echo"));
    std::ofstream(tree.Original("script")) << "#!/bin/sh\necho \"script says $1\"\n";
    chmod(tree.Original("script").c_str(), 0755);
    // The interpreter itself is read through the mount.
    std::ofstream(tree.Original("own_script"))
        << "#!" << tree.work() << "/mount/echo interpreted\nnothing\n";
    chmod(tree.Original("own_script").c_str(), 0755);
    // 8 MiB with data in the middle.
    std::ofstream(tree.Original("sparse")).close();
    std::fstream sparse(tree.Original("sparse"));
    sparse.seekp(4 << 20) << "data";
    fs::resize_file(tree.Original("sparse"), 8 << 20);
  }

  static inline const char* const kFile = "sizes/4097";
};

TEST_F(CallsTest, W4_AnUnknownIoctlIsEnottyAndNoFileIsATerminal) {
  for (const char* name : {kFile, "empty", "sizes/0"}) {
    const FileDescriptor file = OpenToRead(Shown(name));
    char argument[256] = {};
    EXPECT_EQ(ErrnoOf(ioctl(file.get(), TIOCGWINSZ, argument)), ENOTTY) << name;
    EXPECT_EQ(ErrnoOf(ioctl(file.get(), _IOR('z', 77, int), argument)), ENOTTY) << name;
    EXPECT_EQ(ErrnoOf(ioctl(file.get(), _IOW('z', 78, int), argument)), ENOTTY) << name;
    EXPECT_EQ(isatty(file.get()), 0) << name;
    EXPECT_EQ(errno, ENOTTY) << name;
  }
}

TEST_F(CallsTest, W4_PythonTakesNoFileForATerminal) {
  const ProgramRun run =
      RunProgram("/usr/bin/python3", {"-c",
                                      "import sys\n"
                                      "with open(sys.argv[1], 'rb') as file:\n"
                                      "  print(file.isatty(), len(file.read()))\n",
                                      Shown(kFile)});
  EXPECT_EQ(run.standard_output, "False 4097\n") << run.standard_error;
}

TEST_F(CallsTest, ThereAreNoExtendedAttributes) {
  char names[100];
  for (const char* name : {kFile, "empty", "links/file"}) {
    for (const char* attribute : {"user.x", "security.selinux", "system.posix_acl_access"}) {
      const ssize_t size = getxattr(Shown(name).c_str(), attribute, names, sizeof(names));
      const int error = ErrnoOf(size);
      EXPECT_TRUE(error == ENODATA || error == EOPNOTSUPP) << name << " " << attribute << error;
    }
    EXPECT_EQ(ErrnoOf(getxattr(Shown(name).c_str(), "user.x", nullptr, 0)), ENODATA) << name;
    EXPECT_EQ(listxattr(Shown(name).c_str(), nullptr, 0), 0) << name;
    EXPECT_EQ(listxattr(Shown(name).c_str(), names, sizeof(names)), 0) << name;
  }
}

TEST_F(CallsTest, StatfsShowsTheFileSystemOfThePlaceThatIsAskedAbout) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: mounting a tmpfs needs root";
  // A file system of its own, so that nobody else fills it meanwhile.
  MountedTree tree;
  std::filesystem::create_directory(tree.Original("device"));
  const std::string device = tree.Original("device");
  ASSERT_EQ(mount("none", device.c_str(), "tmpfs", 0, "size=3m,nr_inodes=77"), 0);
  WriteRandomFile(tree.Original("device/file"), 100'000, 1);
  ASSERT_TRUE(tree.Mount({}).ok());
  for (const char* name : {"device", "device/file"}) {
    struct statvfs original = {}, shown = {};
    ASSERT_EQ(statvfs(tree.Original(name).c_str(), &original), 0);
    ASSERT_EQ(statvfs(tree.Shown(name).c_str(), &shown), 0);
    EXPECT_EQ(shown.f_bsize, original.f_bsize);
    EXPECT_EQ(shown.f_frsize, original.f_frsize);
    EXPECT_EQ(shown.f_blocks, original.f_blocks);
    EXPECT_EQ(shown.f_bfree, original.f_bfree);
    EXPECT_EQ(shown.f_bavail, original.f_bavail);
    EXPECT_EQ(shown.f_files, original.f_files);
    EXPECT_EQ(shown.f_ffree, original.f_ffree);
    EXPECT_EQ(shown.f_favail, original.f_favail);
    EXPECT_EQ(shown.f_namemax, original.f_namemax);
    EXPECT_TRUE(shown.f_flag & ST_RDONLY);
  }
  umount2(device.c_str(), MNT_DETACH);
}

TEST_F(CallsTest, W5_WhatIsDataIsNeverToldToBeAHole) {
  const off_t size = 8 << 20, data = 4 << 20;
  const FileDescriptor file = OpenToRead(Shown("sparse"));
  EXPECT_EQ(lseek(file.get(), 0, SEEK_END), size);
  // The data lies between what SEEK_DATA finds and the hole after it.
  for (const off_t from : {off_t{0}, off_t{1}, data - 1, data, data + 3}) {
    const off_t start = lseek(file.get(), from, SEEK_DATA);
    EXPECT_GE(start, from);
    EXPECT_LE(start, std::max(from, data));
    EXPECT_GE(lseek(file.get(), start, SEEK_HOLE), data + 4);
  }
  EXPECT_GE(lseek(file.get(), 0, SEEK_HOLE), 0);
  const FileDescriptor whole = OpenToRead(Shown(kFile));
  for (const off_t from : {0, 1, 4096}) {
    EXPECT_EQ(lseek(whole.get(), from, SEEK_HOLE), 4097);
    EXPECT_EQ(lseek(whole.get(), from, SEEK_DATA), from);
  }
  for (const int whence : {SEEK_DATA, SEEK_HOLE}) {
    EXPECT_EQ(ErrnoOf(lseek(whole.get(), 4097, whence)), ENXIO);
    EXPECT_EQ(ErrnoOf(lseek(whole.get(), 1 << 30, whence)), ENXIO);
    EXPECT_EQ(ErrnoOf(lseek(whole.get(), -1, whence)), ENXIO);
  }
}

TEST_F(CallsTest, W5_DataAndHolesAreThoseOfTheOriginal) {
  const FileDescriptor original = OpenToRead(Original("sparse"));
  const FileDescriptor shown = OpenToRead(Shown("sparse"));
  if (lseek(original.get(), 0, SEEK_DATA) == 0) {
    GTEST_SKIP() << "NOT TESTED: the file system of the original has no holes";
  }
  for (off_t from = 0; from < (8 << 20) + 50'000; from += 39'989) {
    for (const int whence : {SEEK_DATA, SEEK_HOLE}) {
      const off_t expected = lseek(original.get(), from, whence);
      const int expected_error = expected < 0 ? errno : 0;
      const off_t found = lseek(shown.get(), from, whence);
      EXPECT_EQ(found, expected) << from << " " << whence;
      EXPECT_EQ(found < 0 ? errno : 0, expected_error) << from << " " << whence;
    }
  }
}

TEST_F(CallsTest, W5_CopiesOfASparseFileAreIdentical) {
  for (const char* sparse : {"always", "auto", "never"}) {
    const std::string copy = absl::StrCat(Tree().work(), "/sparse_", sparse);
    ASSERT_TRUE(RunProgram("/bin/cp", {absl::StrCat("--sparse=", sparse), Shown("sparse"), copy})
                    .end.success());
    EXPECT_TRUE(RunProgram("/usr/bin/cmp", {copy, Original("sparse")}).end.success()) << sparse;
  }
}

TEST_F(CallsTest, ReadersCanLock) {
  const FileDescriptor first = OpenToRead(Shown(kFile));
  const FileDescriptor second = OpenToRead(Shown(kFile));
  EXPECT_EQ(flock(first.get(), LOCK_SH), 0);
  EXPECT_EQ(flock(second.get(), LOCK_SH | LOCK_NB), 0);
  EXPECT_EQ(ErrnoOf(flock(second.get(), LOCK_EX | LOCK_NB)), EWOULDBLOCK);
  EXPECT_EQ(flock(first.get(), LOCK_UN), 0);
  EXPECT_EQ(flock(second.get(), LOCK_EX | LOCK_NB), 0);
  struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 10};
  EXPECT_EQ(fcntl(first.get(), F_SETLK, &lock), 0);
  EXPECT_EQ(fcntl(first.get(), F_OFD_SETLK, &lock), 0);
  lock.l_type = F_WRLCK;
  EXPECT_EQ(ErrnoOf(fcntl(first.get(), F_SETLK, &lock)), EBADF);
}

TEST_F(CallsTest, FilesCanBeMapped) {
  const std::string name = absl::StrCat("sizes/", kMapped);
  const FileDescriptor original = OpenToRead(Original(name));
  const FileDescriptor shown = OpenToRead(Shown(name));
  void* const expected = mmap(nullptr, kMapped, PROT_READ, MAP_PRIVATE, original.get(), 0);
  ASSERT_NE(expected, MAP_FAILED);
  for (const int kind : {MAP_PRIVATE, MAP_SHARED}) {
    void* const mapped = mmap(nullptr, kMapped, PROT_READ, kind, shown.get(), 0);
    ASSERT_NE(mapped, MAP_FAILED) << strerror(errno);
    EXPECT_EQ(memcmp(mapped, expected, kMapped), 0);
    // Behind the end of the file, up to that of its last page.
    EXPECT_EQ(static_cast<char*>(mapped)[kMapped], 0);
    munmap(mapped, kMapped);
  }
  // What is written to a private map stays in it.
  void* const own = mmap(nullptr, kMapped, PROT_READ | PROT_WRITE, MAP_PRIVATE, shown.get(), 0);
  ASSERT_NE(own, MAP_FAILED);
  memset(own, 'x', kMapped);
  char bytes[100];
  ASSERT_EQ(pread(shown.get(), bytes, sizeof(bytes), 4096), 100);
  EXPECT_EQ(memcmp(bytes, static_cast<char*>(expected) + 4096, sizeof(bytes)), 0);
  munmap(own, kMapped);
  munmap(expected, kMapped);
  EXPECT_EQ(mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, shown.get(), 0), MAP_FAILED);
  EXPECT_EQ(errno, EACCES);
}

TEST_F(CallsTest, ProgramsAndScriptsRun) {
  EXPECT_EQ(RunProgram(Shown("echo"), {"from", "the mount"}).standard_output, "from the mount\n");
  EXPECT_EQ(RunProgram(Shown("script"), {"yes"}).standard_output, "script says yes\n");
  EXPECT_EQ(RunProgram(Shown("own_script"), {"yes"}).standard_output,
            absl::StrCat("interpreted ", Shown("own_script"), " yes\n"));
}

TEST_F(CallsTest, SharedLibrariesLoad) {
  void* const library = dlopen(Shown("plugin.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  const auto answer = reinterpret_cast<int (*)()>(dlsym(library, "CoppicePluginAnswer"));
  ASSERT_NE(answer, nullptr) << dlerror();
  EXPECT_EQ(answer(), 42);
  dlclose(library);
  EXPECT_EQ(dlopen(Shown("script").c_str(), RTLD_NOW), nullptr);
}

TEST_F(CallsTest, SyncingWhatNeverChangesSucceeds) {
  for (const char* name : {kFile, "empty"}) {
    const FileDescriptor file = OpenToRead(Shown(name));
    EXPECT_EQ(fsync(file.get()), 0) << name;
    EXPECT_EQ(fdatasync(file.get()), 0) << name;
  }
}

TEST_F(CallsTest, ADirectoryIsNotReadAndAFileNotListed) {
  char byte;
  EXPECT_EQ(ErrnoOf(read(OpenToRead(Shown("empty")).get(), &byte, 1)), EISDIR);
  EXPECT_EQ(ErrnoOf(open(Shown(kFile).c_str(), O_RDONLY | O_DIRECTORY)), ENOTDIR);
  EXPECT_EQ(ErrnoOf(access(Shown(absl::StrCat(kFile, "/x")).c_str(), F_OK)), ENOTDIR);
  EXPECT_EQ(ErrnoOf(open(Shown("links/relative").c_str(), O_RDONLY | O_NOFOLLOW)), ELOOP);
}

}  // namespace
}  // namespace coppice
