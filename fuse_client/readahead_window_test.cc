#include "fuse_client/readahead_window.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/status.h"
#include "fuse_client/fuse_device.h"
#include "fuse_client/fuse_session.h"
#include "fuse_client/testing/fake_source.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

size_t WindowOf(const std::string& mount_point) {
  struct stat root = {};
  EXPECT_EQ(stat(mount_point.c_str(), &root), 0);
  size_t kib = 0;
  std::ifstream(absl::StrCat("/sys/class/bdi/", major(root.st_dev), ":", minor(root.st_dev),
                             "/read_ahead_kb")) >>
      kib;
  return kib;
}

TEST(ReadaheadWindowTest, AMountReadsAheadAsFarAsItIsTold) {
  if (absl::Status status = CheckFuseDevice(); !status.ok()) {
    GTEST_SKIP() << "NOT TESTED: this machine cannot mount: " << status;
  }
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: only root may set how far a mount reads ahead";
  const TemporaryDirectory mount;
  const RealClock clock;
  FakeSource source;
  auto session = MountFuse({.source = source, .clock = clock}, {}, mount.path());
  ASSERT_TRUE(session.ok()) << session.status();
  const absl::Status status = SetReadaheadWindow(mount.path(), kReadaheadKib);
  if (StatusErrno(status) == EROFS) GTEST_SKIP() << "NOT TESTED: /sys is read-only here";
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(WindowOf(mount.path()), kReadaheadKib);
}

TEST(ReadaheadWindowTest, AMountThatIsNotThereIsNamed) {
  const absl::Status status = SetReadaheadWindow("/no/such/mount", kReadaheadKib);
  EXPECT_EQ(StatusErrno(status), ENOENT);
  EXPECT_NE(status.message().find("/no/such/mount"), std::string::npos);
}

}  // namespace
}  // namespace coppice
