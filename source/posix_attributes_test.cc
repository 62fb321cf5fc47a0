#include "source/posix_attributes.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <string>

#include "common/status.h"
#include "gtest/gtest.h"
#include "source/testing/temporary_directory.h"

namespace coppice {
namespace {

Attributes SomeAttributes() {
  return {.size = 1, .mtime = absl::FromUnixNanos(2), .ctime = absl::FromUnixNanos(3), .inode = 4};
}

TEST(PosixAttributesTest, EachOfInodeSizeMtimeAndCtimeChangesTheVersion) {
  std::set<uint64_t> ids = {VersionIdOf(SomeAttributes())};
  Attributes changed = SomeAttributes();
  changed.size = 2;
  EXPECT_TRUE(ids.insert(VersionIdOf(changed)).second);
  changed = SomeAttributes();
  changed.inode = 5;
  EXPECT_TRUE(ids.insert(VersionIdOf(changed)).second);
  for (const absl::Duration step : {absl::Nanoseconds(1), absl::Seconds(1), absl::Seconds(-1)}) {
    changed = SomeAttributes();
    changed.mtime += step;
    EXPECT_TRUE(ids.insert(VersionIdOf(changed)).second);
    changed = SomeAttributes();
    changed.ctime += step;
    EXPECT_TRUE(ids.insert(VersionIdOf(changed)).second);
  }
}

// Each node has its own device number for the same NFS or FUSE mount.
TEST(PosixAttributesTest, NodesThatSeeOneFileUnderDifferentDevicesAgreeOnItsVersion) {
  Attributes elsewhere = SomeAttributes();
  elsewhere.device = 99;
  elsewhere.atime = absl::Now();
  EXPECT_EQ(VersionIdOf(elsewhere), VersionIdOf(SomeAttributes()));
}

// Nodes of different builds must agree on it.
TEST(PosixAttributesTest, VersionsAreFixedForEver) {
  EXPECT_EQ(VersionIdOf(SomeAttributes()), 0x6d5aa21dc0ac49b8ull);
}

TEST(PosixAttributesTest, TheUnsettledVersionIsAnotherOneAtEachTime) {
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  EXPECT_NE(UnsettledVersionId(7, now), 7u);
  EXPECT_NE(UnsettledVersionId(7, now), UnsettledVersionId(7, now + absl::Nanoseconds(1)));
  EXPECT_NE(UnsettledVersionId(7, now), UnsettledVersionId(8, now));
}

TEST(PosixAttributesTest, ALinkIsReadInFullUpToTheLongestThatTheKernelMakes) {
  const TemporaryDirectory directory;
  const int descriptor = open(directory.path().c_str(), O_PATH | O_DIRECTORY);
  for (const size_t length : {1u, 255u, 4000u, 4095u}) {
    const std::string name = "link" + std::to_string(length);
    const std::string target(length, 't');
    ASSERT_EQ(symlinkat(target.c_str(), descriptor, name.c_str()), 0);
    EXPECT_EQ(StatEntry(descriptor, name, name).value().link_target, target);
  }
  close(descriptor);
}

TEST(PosixAttributesTest, AMissingNameIsENOENT) {
  const TemporaryDirectory directory;
  const int descriptor = open(directory.path().c_str(), O_PATH | O_DIRECTORY);
  EXPECT_EQ(StatusErrno(StatEntry(descriptor, "missing", "missing").status()), ENOENT);
  close(descriptor);
}

}  // namespace
}  // namespace coppice
