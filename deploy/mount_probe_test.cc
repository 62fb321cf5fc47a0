#include "deploy/mount_probe.h"

#include <string>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

// That a mount which serves passes is what launch_test shows.
class MountProbeTest : public testing::Test {
 protected:
  static absl::Status Probe(const std::string& path, absl::Time deadline) {
    const std::string log = testing::TempDir() + "probe.log";
    return ProbeMount(path, {}, "node3", log, {.deadline = deadline});
  }
  const absl::Time later_ = absl::Now() + absl::Seconds(30);
};

TEST_F(MountProbeTest, ADirectoryThatIsNoFuseMountFailsWithTheNodeAndWhatIsThere) {
  const absl::Status status = Probe("/proc", later_);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("node3: its mount '/proc'"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("a proc is there, not the mount"));
}

TEST_F(MountProbeTest, AMissingDirectoryFailsWithItsReason) {
  EXPECT_THAT(std::string(Probe("/no/such/directory", later_).message()),
              HasSubstr("No such file or directory"));
}

TEST_F(MountProbeTest, AMountThatDoesNotAnswerInTimeFailsByTheDeadline) {
  EXPECT_EQ(Probe("/proc", absl::InfinitePast()).code(), absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace coppice
