#include "bench/process/mount_process.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bench/process/private_mounts.h"
#include "common/file_descriptor.h"
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

// As mount(8), which is in the kernel by then.
TEST_F(MountProcessTest, WhatAnInterruptedProgramMountsAtItsEndIsDetached) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: only root can mount a tmpfs";
  ASSERT_TRUE(EnterPrivateMounts().ok());
  const std::string fifo = directory_.Below("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), S_IRUSR | S_IWUSR), 0);
  const FileDescriptor interruption(open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(interruption.valid());
  BenchContext context;
  context.interrupt_descriptor = interruption.get();
  const std::string script = absl::StrCat("trap 'mount -t tmpfs none ", mount_point_, " && touch ",
                                          directory_.Below("mounted"), "; exit' TERM; echo >", fifo,
                                          "; while :; do :; done");
  const auto mount = MountProcess::Start({.who = "mounter",
                                          .arguments = {"/bin/sh", "-c", script},
                                          .log_file = directory_.Below("log"),
                                          .mount_point = mount_point_,
                                          .in_foreground = true},
                                         context);
  EXPECT_TRUE(absl::IsCancelled(mount.status())) << mount.status();
  EXPECT_TRUE(std::filesystem::exists(directory_.Below("mounted"))) << "nothing was tested";
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
