// A real mount over the real backing file system: what programs see.
#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/clock.h"
#include "common/status.h"
#include "fuse_client/fuse_device.h"
#include "fuse_client/fuse_session.h"
#include "fuse_client/mount_point.h"
#include "fuse_client/testing/fake_source.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "source/block_allocator.h"
#include "source/posix_source.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

std::set<std::string> NamesIn(const std::string& path) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    names.insert(entry.path().filename());
  }
  return names;
}

// The errno of a call, 0 for success.
int ErrnoOf(long result) { return result == -1 ? errno : 0; }

class MountTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (absl::Status status = CheckFuseDevice(); !status.ok()) {
      GTEST_SKIP() << "NOT TESTED: this machine cannot mount: " << status;
    }
    backing_.Write("file", "hello, world");
    backing_.Write("directory/inner", std::string(3 << 20, 'x'));
    ASSERT_EQ(symlink("file", backing_.Below("link").c_str()), 0);
    source_ =
        OpenPosixSource({.export_root = backing_.path(), .allocator = *allocator_, .clock = clock_})
            .value();
  }
  void TearDown() override {
    session_.reset();
    // Nothing is left behind.
    struct stat stat = {};
    EXPECT_EQ(::stat(mount_.path().c_str(), &stat), 0);
    EXPECT_EQ(CheckMountPoint(mount_.path()), absl::OkStatus());
  }

  void Mount(FuseSessionOptions options = {}) {
    options.tick = false;
    auto session =
        MountFuse({.source = *source_, .clock = clock_}, std::move(options), mount_.path());
    ASSERT_TRUE(session.ok()) << session.status();
    session_ = *std::move(session);
  }
  void MountAs(bool read_write) { Mount({.file_system = {.read_write_mount = read_write}}); }

  std::string Shown(const std::string& name) const { return mount_.Below(name); }

  const TemporaryDirectory backing_;
  const TemporaryDirectory mount_;
  const RealClock clock_;
  const std::unique_ptr<BlockAllocator> allocator_ = MakeHeapBlockAllocator();
  std::unique_ptr<PosixSource> source_;
  std::unique_ptr<FuseSession> session_;
};

TEST_F(MountTest, FilesShowTheirAttributesNamesAndBytes) {
  Mount();
  for (const char* name : {"file", "directory", "directory/inner", "link"}) {
    struct stat real = {}, shown = {};
    ASSERT_EQ(lstat(backing_.Below(name).c_str(), &real), 0);
    ASSERT_EQ(lstat(Shown(name).c_str(), &shown), 0) << name;
    EXPECT_EQ(shown.st_mode, real.st_mode);
    EXPECT_EQ(shown.st_size, real.st_size);
    EXPECT_EQ(shown.st_ino, real.st_ino);
    EXPECT_EQ(shown.st_nlink, real.st_nlink);
    EXPECT_EQ(shown.st_uid, real.st_uid);
    EXPECT_EQ(shown.st_mtim.tv_sec, real.st_mtim.tv_sec);
    EXPECT_EQ(shown.st_mtim.tv_nsec, real.st_mtim.tv_nsec);
    EXPECT_EQ(shown.st_ctim.tv_nsec, real.st_ctim.tv_nsec);
    EXPECT_EQ(shown.st_blocks, real.st_blocks);
  }
  EXPECT_EQ(NamesIn(mount_.path()), (std::set<std::string>{"file", "directory", "link"}));
  EXPECT_EQ(ReadAll(Shown("link")), "hello, world");
  EXPECT_EQ(ReadAll(Shown("directory/inner")), std::string(3 << 20, 'x'));
  EXPECT_EQ(ErrnoOf(access(Shown("none").c_str(), F_OK)), ENOENT);
  EXPECT_EQ(std::filesystem::read_symlink(Shown("link")), "file");
}

TEST_F(MountTest, ReaddirAndStatShowTheSameInode) {
  Mount();
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(mount_.path().c_str()), closedir);
  ASSERT_NE(folder, nullptr);
  size_t names = 0;
  while (const dirent* entry = readdir(folder.get())) {
    struct stat shown = {};
    ASSERT_EQ(lstat(Shown(entry->d_name).c_str(), &shown), 0);
    if (std::string(entry->d_name) != "..") {
      EXPECT_EQ(entry->d_ino, shown.st_ino) << entry->d_name;
    }
    ++names;
  }
  EXPECT_EQ(names, 5u);
}

TEST_F(MountTest, TheTypeOfTheMountNamesUs) {
  Mount();
  std::ifstream mounts("/proc/self/mounts");
  std::string line, ours;
  while (std::getline(mounts, line)) {
    if (line.find(mount_.path()) != std::string::npos) ours = line;
  }
  EXPECT_THAT(ours, HasSubstr(" fuse.coppice ro,"));
  EXPECT_THAT(ours, HasSubstr("default_permissions"));
  struct statvfs statistics = {};
  ASSERT_EQ(statvfs(mount_.path().c_str(), &statistics), 0);
  EXPECT_GT(statistics.f_blocks, 0u);
  EXPECT_EQ(statistics.f_namemax, 255u);
}

TEST_F(MountTest, ASecondPassAsksNothing) {
  Mount();
  const auto pass = [this] {
    EXPECT_EQ(NamesIn(mount_.path()).size(), 3u);
    EXPECT_EQ(NamesIn(Shown("directory")).size(), 1u);
    EXPECT_EQ(ReadAll(Shown("file")), "hello, world");
    EXPECT_EQ(ReadAll(Shown("link")), "hello, world");
    EXPECT_EQ(ReadAll(Shown("directory/inner")).size(), size_t{3} << 20);
    struct stat stat = {};
    EXPECT_EQ(::stat(Shown("directory").c_str(), &stat), 0);
    EXPECT_EQ(ErrnoOf(::stat(Shown("none").c_str(), &stat)), ENOENT);
  };
  pass();
  const std::map<std::string, uint64_t> before = session_->Counters();
  pass();
  for (auto& [kind, count] : session_->Counters()) {
    // The kernel forwards each ioctl, whatever is answered.
    if (kind == "IOCTL") continue;
    EXPECT_EQ(count, before.at(kind)) << kind;
  }
}

// Its parameter: whether the mount is without `ro`.
class MutationTest : public MountTest, public ::testing::WithParamInterface<bool> {};

TEST_P(MutationTest, EveryMutationFailsWithErofs) {
  MountAs(/*read_write=*/GetParam());
  const std::string file = Shown("file"), folder = Shown("directory"), fresh = Shown("new");
  const std::map<std::string, std::function<long()>> mutations = {
      {"create", [&] { return open(fresh.c_str(), O_CREAT | O_WRONLY, 0644); }},
      {"open to write", [&] { return open(file.c_str(), O_WRONLY); }},
      {"open to read and write", [&] { return open(file.c_str(), O_RDWR); }},
      {"open to truncate", [&] { return open(file.c_str(), O_RDONLY | O_TRUNC); }},
      {"truncate", [&] { return truncate(file.c_str(), 1); }},
      {"mkdir", [&] { return mkdir(fresh.c_str(), 0755); }},
      {"rmdir", [&] { return rmdir(folder.c_str()); }},
      {"unlink", [&] { return unlink(file.c_str()); }},
      {"rename", [&] { return rename(file.c_str(), fresh.c_str()); }},
      {"link", [&] { return link(file.c_str(), fresh.c_str()); }},
      {"symlink", [&] { return symlink("x", fresh.c_str()); }},
      {"mknod", [&] { return mknod(fresh.c_str(), S_IFIFO | 0644, 0); }},
      {"chmod", [&] { return chmod(file.c_str(), 0600); }},
      {"chown", [&] { return chown(file.c_str(), 0, 0); }},
      {"utimes", [&] { return utimensat(AT_FDCWD, file.c_str(), nullptr, 0); }},
      {"setxattr", [&] { return setxattr(file.c_str(), "user.x", "y", 1, 0); }},
      {"removexattr", [&] { return removexattr(file.c_str(), "user.x"); }},
  };
  for (const auto& [name, mutate] : mutations) EXPECT_EQ(ErrnoOf(mutate()), EROFS) << name;
  EXPECT_EQ(ReadAll(file), "hello, world");
  EXPECT_EQ(NamesIn(mount_.path()).size(), 3u);
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutRo, MutationTest, ::testing::Bool(),
                         [](const auto& mode) { return mode.param ? "ReadWrite" : "ReadOnly"; });

TEST_F(MountTest, ReadersMayMapLockSeekAndSync) {
  Mount();
  const int file = open(Shown("file").c_str(), O_RDONLY);
  ASSERT_GE(file, 0);
  void* const memory = mmap(nullptr, 12, PROT_READ, MAP_SHARED, file, 0);
  ASSERT_NE(memory, MAP_FAILED);
  EXPECT_EQ(std::string(static_cast<char*>(memory), 12), "hello, world");
  munmap(memory, 12);
  struct flock lock = {};
  lock.l_type = F_RDLCK;
  EXPECT_EQ(fcntl(file, F_SETLK, &lock), 0);
  EXPECT_EQ(lseek(file, 3, SEEK_DATA), 3);
  EXPECT_EQ(lseek(file, 3, SEEK_HOLE), 12);
  EXPECT_EQ(ErrnoOf(lseek(file, 12, SEEK_DATA)), ENXIO);
  EXPECT_EQ(fsync(file), 0);
  int unused = 0;
  EXPECT_EQ(ErrnoOf(ioctl(file, 0x5401 /* TCGETS */, &unused)), ENOTTY);
  EXPECT_EQ(ErrnoOf(getxattr(Shown("file").c_str(), "user.x", nullptr, 0)), ENODATA);
  EXPECT_EQ(listxattr(Shown("file").c_str(), nullptr, 0), 0);
  close(file);
}

TEST_F(MountTest, AnOrderShowsTheNewBytesAndKeepsWhoIsInside) {
  Mount();
  EXPECT_EQ(ReadAll(Shown("file")), "hello, world");
  EXPECT_EQ(ErrnoOf(access(Shown("late").c_str(), F_OK)), ENOENT);
  const int inside = open(Shown("directory").c_str(), O_RDONLY | O_DIRECTORY);
  backing_.Write("file", "changed!");
  backing_.Write("late", "now there");
  EXPECT_EQ(ReadAll(Shown("file")), "hello, world");  // what the kernel keeps
  std::promise<void> done;
  session_->Invalidate({.path = Path(), .recursive = true}, [&] { done.set_value(); });
  done.get_future().wait();
  EXPECT_EQ(ReadAll(Shown("file")), "changed!");
  EXPECT_EQ(ReadAll(Shown("late")), "now there");
  EXPECT_EQ(NamesIn(mount_.path()).size(), 4u);
  EXPECT_EQ(faccessat(inside, "inner", R_OK, 0), 0);
  close(inside);
}

TEST_F(MountTest, ATickShowsTheChangedDirectory) {
  Mount();
  EXPECT_EQ(NamesIn(Shown("directory")).size(), 1u);
  backing_.Write("directory/second", "x");
  EXPECT_EQ(NamesIn(Shown("directory")).size(), 1u);
  session_->Tick();
  EXPECT_EQ(NamesIn(Shown("directory")).size(), 2u);
}

TEST_F(MountTest, AMountPointInUseIsRefusedWithTheRemedy) {
  Mount();
  const auto second =
      MountFuse({.source = *source_, .clock = clock_}, {.tick = false}, mount_.path());
  EXPECT_EQ(StatusErrno(second.status()), EBUSY);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("fusermount3 -u"));
}

TEST_F(MountTest, AnUnmountFromOutsideEndsTheSession) {
  std::promise<void> ended;
  FuseSessionOptions options;
  options.on_ended = [&] { ended.set_value(); };
  Mount(std::move(options));
  const std::string command = "fusermount3 -u " + mount_.path();
  ASSERT_EQ(system(command.c_str()), 0);
  ended.get_future().wait();
}

TEST_F(MountTest, ShutdownUnmountsUnderAnOpenFile) {
  Mount();
  const int file = open(Shown("file").c_str(), O_RDONLY);
  ASSERT_GE(file, 0);
  session_->Shutdown();
  struct stat stat = {};
  EXPECT_EQ(::stat(mount_.path().c_str(), &stat), 0);
  EXPECT_EQ(ErrnoOf(access(Shown("file").c_str(), F_OK)), ENOENT);
  close(file);
}

// A mount whose answers a test holds.
class HeldMountTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (absl::Status status = CheckFuseDevice(); !status.ok()) {
      GTEST_SKIP() << "NOT TESTED: this machine cannot mount: " << status;
    }
    source_.AddFile("file", "hello");
    auto session = MountFuse({.source = source_, .clock = clock_}, {.tick = false}, mount_.path());
    ASSERT_TRUE(session.ok()) << session.status();
    session_ = *std::move(session);
    struct stat stat = {};
    ASSERT_EQ(::stat(mount_.path().c_str(), &stat), 0);
    source_.Hold();
  }
  // A process that does nothing but stat the file. It exits with the errno.
  pid_t StartStat() {
    const std::string path = mount_.Below("file");
    const pid_t child = fork();
    if (child != 0) return child;
    signal(SIGUSR1, [](int) {});
    struct stat stat = {};
    _exit(ErrnoOf(::stat(path.c_str(), &stat)));
  }

  const TemporaryDirectory mount_;
  const RealClock clock_;
  FakeSource source_;
  std::unique_ptr<FuseSession> session_;
};

TEST_F(HeldMountTest, AProcessThatWaitsForAnAnswerCanBeKilled) {
  const pid_t child = StartStat();
  source_.WaitForHeld(1);
  kill(child, SIGTERM);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);  // while the answer is still held
  EXPECT_TRUE(WIFSIGNALED(status));
  source_.Release();
}

TEST_F(HeldMountTest, AProcessThatHandlesASignalGetsItsAnswerAllTheSame) {
  const pid_t child = StartStat();
  source_.WaitForHeld(1);
  kill(child, SIGUSR1);
  source_.Release();
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace coppice
