// Coppice mounts inside the export root, with real mounts that nobody answers for: a single system
// call that touched one would hang until the test is killed.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/testing/posix_fixture.h"

namespace coppice {
namespace {

class CoppiceMountsKernelTest : public testing::Test {
 protected:
  // Before the source starts its threads: they belong to the namespace of the one that starts them.
  void SetUp() override {
    if (unshare(CLONE_NEWNS) != 0) {
      GTEST_SKIP() << "NOT TESTED: mount namespaces need CAP_SYS_ADMIN: " << strerror(errno);
    }
    ASSERT_EQ(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0) << strerror(errno);
    fuse_ = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fuse_ < 0) GTEST_SKIP() << "NOT TESTED: /dev/fuse cannot be opened: " << strerror(errno);
    fixture_.directory().Write("tmp/beside", "");
    for (const char* name : {"tmp/coppice", "tmp/coppice_mount", "tmp/another"}) {
      ASSERT_EQ(mkdir(fixture_.directory().Below(name).c_str(), 0755), 0);
    }
  }
  void TearDown() override {
    for (const std::string& mounted : mounted_) umount2(mounted.c_str(), MNT_DETACH);
    if (fuse_ >= 0) close(fuse_);
  }

  // A mount whose server has not even said hello.
  void Mount(const std::string& name, int fuse) {
    const std::string where = fixture_.directory().Below(name);
    const std::string data = absl::StrCat("fd=", fuse, ",rootmode=40000,user_id=0,group_id=0");
    ASSERT_EQ(mount("coppice", where.c_str(), "fuse.coppice", MS_RDONLY, data.c_str()), 0)
        << strerror(errno);
    mounted_.push_back(where);
  }
  void Unmount() {
    ASSERT_EQ(umount2(mounted_.back().c_str(), MNT_DETACH), 0);
    mounted_.pop_back();
  }
  Source& source() { return fixture_.source(); }
  int AttributesErrno(absl::string_view path) {
    return StatusErrno(AwaitAttributes(source(), PosixFixture::MakePath(path)).status());
  }

  int fuse_ = -1;
  std::vector<std::string> mounted_;
  PosixFixture fixture_;
};

TEST_F(CoppiceMountsKernelTest, IsRefusedByEveryRequestBeforeItIsTouched) {
  Mount("tmp/coppice", fuse_);
  for (const char* text : {"tmp/coppice", "tmp/coppice/lus/file"}) {
    const Path path = PosixFixture::MakePath(text);
    const BlockKey key{.path = path, .version = {.id = 1, .size = 1}};
    EXPECT_EQ(AttributesErrno(text), ELOOP);
    EXPECT_EQ(StatusErrno(AwaitListing(source(), path).status()), ELOOP);
    EXPECT_EQ(StatusErrno(AwaitBlock(source(), key).status()), ELOOP);
    EXPECT_EQ(StatusErrno(AwaitFileSystemStatistics(source(), path).status()), ELOOP);
  }
  EXPECT_EQ(AttributesErrno("tmp/coppice_mount"), 0);
}

TEST_F(CoppiceMountsKernelTest, IsNamedInTheListingOfItsParentWithoutAttributes) {
  Mount("tmp/coppice", fuse_);
  const ListingRef listing = AwaitListing(source(), PosixFixture::MakePath("tmp")).value();
  EXPECT_EQ(listing->entries.size(), 4u);
  ASSERT_NE(listing->Find("coppice"), nullptr);
  EXPECT_FALSE(listing->Find("coppice")->attributes.has_value());
  EXPECT_EQ(listing->Find("coppice")->type, static_cast<uint32_t>(S_IFDIR));
  EXPECT_TRUE(listing->Find("coppice_mount")->attributes.has_value());
}

TEST_F(CoppiceMountsKernelTest, ThatComesAndGoesIsSeenByTheNextRequest) {
  EXPECT_EQ(AttributesErrno("tmp/coppice"), 0);
  Mount("tmp/coppice", fuse_);
  EXPECT_EQ(AttributesErrno("tmp/coppice"), ELOOP);
  EXPECT_EQ(AttributesErrno("tmp/another"), 0);
  Unmount();
  EXPECT_EQ(AttributesErrno("tmp/coppice"), 0);
  const int second = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  ASSERT_GE(second, 0);
  Mount("tmp/another", second);
  EXPECT_EQ(AttributesErrno("tmp/another"), ELOOP);
  EXPECT_EQ(AttributesErrno("tmp/coppice"), 0);
  Unmount();
  close(second);
}

TEST_F(CoppiceMountsKernelTest, CannotBeExportedItself) {
  Mount("tmp/coppice", fuse_);
  PosixSourceOptions options = fixture_.Options();
  options.export_root = fixture_.directory().Below("tmp/coppice");
  EXPECT_EQ(StatusErrno(OpenPosixSource(options).status()), ELOOP);
}

}  // namespace
}  // namespace coppice
