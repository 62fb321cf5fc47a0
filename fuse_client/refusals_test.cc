// What would change something, and what always has the same answer.
#include <sys/stat.h>

#include <cerrno>

#include "common/status.h"
#include "fuse_client/testing/session_fixture.h"
#include "gmock/gmock.h"

namespace coppice {
namespace {

using ::testing::IsEmpty;

class RefusalsTest : public SessionFixture {
 protected:
  // A body with room for the fields of every request, followed by two names.
  static std::string Body(size_t fields) {
    return std::string(fields, '\0') + std::string("name\0other\0", 11);
  }
};

TEST_F(RefusalsTest, EveryMutationFailsWithErofsAndAsksNobody) {
  source_.AddFile("f", "x");
  source_.AddDirectory("d");
  Start();
  const uint64_t f = NodeOf("f"), d = NodeOf("d");
  source_.TakeRequests();
  const struct {
    uint32_t opcode;
    uint64_t node;
    std::string body;
  } mutations[] = {
      {FUSE_SETATTR, f, Body(sizeof(fuse_setattr_in))},
      {FUSE_MKNOD, d, Body(sizeof(fuse_mknod_in))},
      {FUSE_MKDIR, d, Body(sizeof(fuse_mkdir_in))},
      {FUSE_UNLINK, d, Body(0)},
      {FUSE_RMDIR, d, Body(0)},
      {FUSE_SYMLINK, d, Body(0)},
      {FUSE_RENAME, d, Body(sizeof(fuse_rename_in))},
      {FUSE_RENAME2, d, Body(sizeof(fuse_rename2_in))},
      {FUSE_LINK, d, Body(sizeof(fuse_link_in))},
      {FUSE_WRITE, f, Body(sizeof(fuse_write_in))},
      {FUSE_CREATE, d, Body(sizeof(fuse_create_in))},
      {FUSE_SETXATTR, f, Body(sizeof(fuse_setxattr_in))},
      {FUSE_REMOVEXATTR, f, Body(0)},
      {FUSE_FALLOCATE, f, Body(sizeof(fuse_fallocate_in))},
      {FUSE_COPY_FILE_RANGE, f, Body(sizeof(fuse_copy_file_range_in))},
  };
  for (const auto& mutation : mutations) {
    EXPECT_EQ(kernel_.Ask(mutation.opcode, mutation.node, mutation.body).error, EROFS)
        << mutation.opcode;
  }
  EXPECT_THAT(source_.TakeRequests(), IsEmpty());
  EXPECT_EQ(session_->Counters().at("REFUSED"), std::size(mutations));
}

TEST_F(RefusalsTest, ThereAreNoExtendedAttributes) {
  source_.AddFile("f", "x");
  Start();
  const uint64_t f = NodeOf("f");
  const std::string small = BodyOf(fuse_getxattr_in{.size = 0}) + std::string("user.x\0", 7);
  EXPECT_EQ(kernel_.Ask(FUSE_GETXATTR, f, small).error, ENODATA);
  const FakeKernel::Answer size =
      kernel_.Ask(FUSE_LISTXATTR, f, BodyOf(fuse_getxattr_in{.size = 0}));
  EXPECT_EQ(size.error, 0);
  EXPECT_EQ(size.As<fuse_getxattr_out>().size, 0u);
  const FakeKernel::Answer names =
      kernel_.Ask(FUSE_LISTXATTR, f, BodyOf(fuse_getxattr_in{.size = 100}));
  EXPECT_EQ(names.error, 0);
  EXPECT_EQ(names.data, "");
}

TEST_F(RefusalsTest, NoFileIsATerminal) {
  source_.AddFile("f", "x");
  Start();
  EXPECT_EQ(kernel_.Ask(FUSE_IOCTL, NodeOf("f"), BodyOf(fuse_ioctl_in{.cmd = 0x5401})).error,
            ENOTTY);
}

TEST_F(RefusalsTest, ThereIsNothingToWriteBack) {
  source_.AddFile("f", "x");
  Start();
  const uint64_t f = NodeOf("f");
  EXPECT_EQ(kernel_.Ask(FUSE_FSYNC, f, BodyOf(fuse_fsync_in{})).error, 0);
  EXPECT_EQ(kernel_.Ask(FUSE_FSYNCDIR, 1, BodyOf(fuse_fsync_in{})).error, 0);
  EXPECT_EQ(kernel_.Ask(FUSE_FLUSH, f, BodyOf(fuse_flush_in{})).error, ENOSYS);
}

TEST_F(RefusalsTest, LocksAndPermissionsAreLeftToTheKernel) {
  source_.AddFile("f", "x");
  Start();
  const uint64_t f = NodeOf("f");
  EXPECT_EQ(kernel_.Ask(FUSE_SETLK, f, BodyOf(fuse_lk_in{})).error, ENOSYS);
  EXPECT_EQ(kernel_.Ask(FUSE_ACCESS, f, BodyOf(fuse_access_in{})).error, ENOSYS);
  EXPECT_EQ(init_.flags & (FUSE_POSIX_LOCKS | FUSE_FLOCK_LOCKS), 0u);
}

TEST_F(RefusalsTest, StatisticsComeFromTheSource) {
  Start();
  const auto statistics = kernel_.Ask(FUSE_STATFS, 1).As<fuse_statfs_out>().st;
  EXPECT_EQ(statistics.bsize, 4096u);
  EXPECT_EQ(statistics.frsize, 512u);
  EXPECT_EQ(statistics.blocks, 1000u);
  EXPECT_EQ(statistics.bfree, 200u);
  EXPECT_EQ(statistics.bavail, 100u);
  EXPECT_EQ(statistics.files, 50u);
  EXPECT_EQ(statistics.ffree, 20u);
  EXPECT_EQ(statistics.namelen, 255u);
  source_.FailWith(ErrnoStatus(EACCES, "statfs"));
  EXPECT_EQ(kernel_.Ask(FUSE_STATFS, 1).error, EACCES);
  EXPECT_EQ(kernel_.Ask(FUSE_STATFS, 12345).error, ESTALE);
}

}  // namespace
}  // namespace coppice
