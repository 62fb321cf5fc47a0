#include "bench/process/mount_process.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "bench/process/private_mounts.h"
#include "common/status.h"
#include "deploy/mount_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

class MountProcessTest : public testing::Test {
 protected:
  absl::StatusOr<MountProcess> Start(std::vector<std::string> arguments, bool in_foreground) {
    return MountProcess::Start({.who = "the program",
                                .arguments = std::move(arguments),
                                .log_file = directory_.Below("log"),
                                .mount_point = mount_point_,
                                .in_foreground = in_foreground},
                               {.progress = [](absl::string_view) {}});
  }

  const TemporaryDirectory directory_{"/tmp"};
  const std::string mount_point_ = directory_.Below("mount");
};

TEST_F(MountProcessTest, AMountOfTheKernelStaysUntilItsOwnerGoes) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: only root can mount a tmpfs";
  ASSERT_TRUE(EnterPrivateMounts().ok());
  {
    auto mount = Start({"/usr/bin/mount", "-t", "tmpfs", "none", mount_point_}, false);
    ASSERT_TRUE(mount.ok()) << mount.status();
    EXPECT_EQ(mount->mount_point(), mount_point_);
    EXPECT_TRUE(mount->pids().empty());
    const MountProcess moved = *std::move(mount);
    EXPECT_EQ(MountTypeAt(mount_point_).value(), "tmpfs");
  }
  EXPECT_EQ(MountTypeAt(mount_point_).value(), "");
}

TEST_F(MountProcessTest, AProgramThatEndsWithoutAMountIsAnErrorWithItsLastWords) {
  const auto mount = Start({"/bin/sh", "-c", "echo no device here >&2; exit 3"}, true);
  EXPECT_TRUE(absl::IsFailedPrecondition(mount.status())) << mount.status();
  EXPECT_THAT(std::string(mount.status().message()), testing::HasSubstr("no device here"));
}

TEST_F(MountProcessTest, AProgramThatIsMissingIsAnError) {
  EXPECT_EQ(StatusErrno(Start({"/nonexistent/mounter"}, true).status()), ENOENT);
}

}  // namespace
}  // namespace coppice
