#include "deploy/ready_pipe.h"

#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(30);

class ReadyPipeTest : public testing::Test {
 protected:
  ReadyPipeTest() { unlink(log_.c_str()); }

  // Runs the script, in which FD is the ready descriptor, and waits for it.
  absl::Status RunAndWait(const std::string& script, const WaitLimits& limits) {
    auto ready = ReadyPipe::Open();
    if (!ready.ok()) return ready.status();
    const std::string descriptor = absl::StrCat(ready->write_descriptor());
    auto child = ChildProcess::Start(
        {.arguments = {"/bin/sh", "-c", absl::StrReplaceAll(script, {{"FD", descriptor}})},
         .environment = {"PATH=/usr/bin:/bin"},
         .log_file = log_,
         .kept_descriptors = {ready->write_descriptor()}});
    if (!child.ok()) return child.status();
    ready->ProgramStarted();
    return ready->Wait(*child, "node0: peer_server", log_, limits);
  }

  const std::string log_ = absl::StrCat(
      testing::TempDir(), testing::UnitTest::GetInstance()->current_test_info()->name(), ".log");
};

TEST_F(ReadyPipeTest, AProgramThatSaysReadyIsReady) {
  EXPECT_TRUE(
      RunAndWait("echo ready >&FD; while :; do :; done", {.deadline = absl::Now() + kLong}).ok());
}

TEST_F(ReadyPipeTest, ReadyMayComeInPieces) {
  EXPECT_TRUE(RunAndWait("printf rea >&FD; printf 'dy\\n' >&FD; while :; do :; done",
                         {.deadline = absl::Now() + kLong})
                  .ok());
}

TEST_F(ReadyPipeTest, AProgramThatDiesIsNamedWithItsExitCodeAndTheEndOfItsLog) {
  const absl::Status status =
      RunAndWait("echo the cause >&2; exit 4", {.deadline = absl::Now() + kLong});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("node0: peer_server ended with exit code 4"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("the cause"));
}

TEST_F(ReadyPipeTest, OnlyTheLastTenLinesOfTheLogAreShown) {
  const absl::Status status =
      RunAndWait("i=1; while [ $i -le 12 ]; do echo line $i.; i=$((i+1)); done; exit 1",
                 {.deadline = absl::Now() + kLong});
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 3."));
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 12."));
  EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("line 2.")));
}

TEST_F(ReadyPipeTest, AProgramThatIsSilentRunsOutOfTime) {
  const absl::Status status =
      RunAndWait("while :; do :; done", {.deadline = absl::Now() + absl::Milliseconds(20)});
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("node0: peer_server was not ready in time"));
}

TEST_F(ReadyPipeTest, AProgramThatClosesItsPipeIsAwaitedUntilItDies) {
  const absl::Status status = RunAndWait("exec FD>&-; exit 6", {.deadline = absl::Now() + kLong});
  EXPECT_THAT(std::string(status.message()), HasSubstr("exit code 6"));
}

TEST_F(ReadyPipeTest, AnythingElseThanReadyIsAnError) {
  const absl::Status status =
      RunAndWait("echo hello >&FD; while :; do :; done", {.deadline = absl::Now() + kLong});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("instead of ready"));
}

TEST_F(ReadyPipeTest, AnInterruptionEndsTheWait) {
  const auto interrupt = OpenPipe();
  ASSERT_TRUE(interrupt.ok());
  ASSERT_EQ(write(interrupt->write_end.get(), "x", 1), 1);
  EXPECT_EQ(
      RunAndWait("while :; do :; done", {.interrupt_descriptor = interrupt->read_end.get()}).code(),
      absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace coppice
