#include "deploy/process_identity.h"

#include <unistd.h>

#include <csignal>

#include "absl/time/clock.h"
#include "deploy/child_process.h"
#include "deploy/descriptor_wait.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(ParseStartTicksTest, TheTwentySecondFieldIsTheStart) {
  const auto ticks = ParseStartTicks(
      "412 (sh) S 1 412 412 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 2654208 0 1 2\n");
  ASSERT_TRUE(ticks.ok()) << ticks.status();
  EXPECT_EQ(*ticks, 98765u);
}

TEST(ParseStartTicksTest, AProgramMayCallItselfAnything) {
  const auto ticks = ParseStartTicks(
      "412 (a ) S 7 (b) R 1 412 412 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 2654208\n");
  ASSERT_TRUE(ticks.ok()) << ticks.status();
  EXPECT_EQ(*ticks, 98765u);
}

TEST(ParseStartTicksTest, OtherTextIsRefused) {
  for (const char* text : {"", "412 (sh) S 1 2 3", "412 sh S",
                           "1 (x) S 1 4 4 0 -1 4 1 0 0 0 0 0 0 0 "
                           "20 0 1 0 soon 2"}) {
    EXPECT_EQ(ParseStartTicks(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(OpenProcessTest, ARunningProcessIsOpened) {
  const auto identity = IdentifyProcess(getpid());
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_TRUE(OpenProcess(*identity).ok());
}

TEST(OpenProcessTest, AStrangerWithTheSameNumberIsNotFound) {
  auto identity = IdentifyProcess(getpid());
  ASSERT_TRUE(identity.ok()) << identity.status();
  ++identity->start_ticks;
  EXPECT_EQ(OpenProcess(*identity).status().code(), absl::StatusCode::kNotFound);
}

TEST(OpenProcessTest, AProcessThatEndedIsNotFoundBeforeAndAfterItWasReaped) {
  auto child = ChildProcess::Start({.arguments = {"/bin/cat"}, .held = true});
  ASSERT_TRUE(child.ok()) << child.status();
  const auto identity = IdentifyProcess(child->pid());
  ASSERT_TRUE(identity.ok()) << identity.status();
  kill(child->pid(), SIGKILL);
  ASSERT_TRUE(WaitReadable({child->pid_descriptor()}, {}).ok());
  EXPECT_EQ(OpenProcess(*identity).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(child->Wait({}).ok());
  EXPECT_EQ(OpenProcess(*identity).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(IdentifyProcess(identity->pid).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace coppice
