#include "source/export_root.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <thread>

#include "common/status.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

class ExportRootTest : public testing::Test {
 protected:
  int OpenErrno(absl::string_view path, uint64_t flags) {
    return StatusErrno(ExportRoot::Open(directory_.path())
                           .value()
                           .OpenBeneath(Path::Parse(path).value(), flags)
                           .status());
  }

  TemporaryDirectory directory_;
};

TEST_F(ExportRootTest, OpensTheRootAndWhatIsBelow) {
  directory_.Write("d/file", "");
  EXPECT_EQ(OpenErrno("", O_RDONLY | O_DIRECTORY), 0);
  EXPECT_EQ(OpenErrno("d", O_PATH | O_DIRECTORY), 0);
  EXPECT_EQ(OpenErrno("d/file", O_RDONLY), 0);
}

TEST_F(ExportRootTest, KeepsTheKernelsErrno) {
  directory_.Write("file", "");
  EXPECT_EQ(OpenErrno("missing", O_PATH), ENOENT);
  EXPECT_EQ(OpenErrno("file/below", O_PATH), ENOTDIR);
  EXPECT_EQ(OpenErrno("file", O_PATH | O_DIRECTORY), ENOTDIR);
}

TEST_F(ExportRootTest, AFinalLinkIsOpenedOnlyAsItself) {
  ASSERT_EQ(symlink("/etc/passwd", directory_.Below("link").c_str()), 0);
  EXPECT_EQ(OpenErrno("link", O_PATH | O_NOFOLLOW), 0);
  EXPECT_EQ(OpenErrno("link", O_RDONLY), ENOTDIR);
}

TEST_F(ExportRootTest, IsCanonical) {
  ASSERT_EQ(mkdir(directory_.Below("real").c_str(), 0755), 0);
  ASSERT_EQ(symlink("real", directory_.Below("link").c_str()), 0);
  const ExportRoot root = ExportRoot::Open(directory_.Below("link")).value();
  EXPECT_EQ(root.canonical(), ExportRoot::Open(directory_.Below("real")).value().canonical());
}

// A filter of system calls that plays the old kernel, on a thread of its own: it cannot be taken
// off.
TEST_F(ExportRootTest, AKernelWithoutOpenat2IsRefusedByName) {
  std::thread([this] {
    sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter = {.len = 4, .filter = instructions};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
      GTEST_SKIP() << "NOT TESTED: no seccomp filters here: " << strerror(errno);
    }
    const absl::Status status = ExportRoot::Open(directory_.path()).status();
    EXPECT_EQ(StatusErrno(status), ENOSYS);
    EXPECT_NE(status.message().find("openat2"), std::string::npos) << status;
  }).join();
}

}  // namespace
}  // namespace coppice
