#include "deploy/child_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "deploy/log_tail.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(30);

class ChildProcessTest : public testing::Test {
 protected:
  ChildProcessTest() { unlink(log_.c_str()); }

  ChildProcessOptions Shell(const std::string& script) {
    return {.arguments = {"/bin/sh", "-c", script},
            .environment = {"PATH=/usr/bin:/bin"},
            .log_file = log_};
  }
  static ExitState WaitFor(ChildProcess& child) {
    const auto end = child.Wait({.deadline = absl::Now() + kLong});
    EXPECT_TRUE(end.ok()) << end.status();
    return end.ok() ? *end : ExitState{.signal = -1};
  }
  ExitState Run(const ChildProcessOptions& options) {
    auto child = ChildProcess::Start(options);
    EXPECT_TRUE(child.ok()) << child.status();
    return child.ok() ? WaitFor(*child) : ExitState{.signal = -1};
  }

  const std::string log_ = absl::StrCat(
      testing::TempDir(), testing::UnitTest::GetInstance()->current_test_info()->name(), ".log");
};

TEST_F(ChildProcessTest, TheExitCodeIsReported) {
  EXPECT_EQ(Run(Shell("exit 3")).Describe(), "ended with exit code 3");
}

TEST_F(ChildProcessTest, ADeadlySignalIsReportedByNumberAndName) {
  EXPECT_EQ(Run(Shell("kill -9 $$")).Describe(), "was killed by signal 9 (Killed)");
}

TEST_F(ChildProcessTest, TheEndMayBeAskedForAgain) {
  auto child = ChildProcess::Start(Shell("exit 3"));
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(WaitFor(*child).code, 3);
  EXPECT_EQ(WaitFor(*child).code, 3);
  EXPECT_EQ(child->Terminate(kLong)->code, 3);
}

TEST_F(ChildProcessTest, OutputAndErrorsAreAppendedToTheLog) {
  EXPECT_TRUE(Run(Shell("echo first")).success());
  EXPECT_TRUE(Run(Shell("echo second >&2")).success());
  EXPECT_EQ(LogTail(log_), "    first\n    second\n");
}

TEST_F(ChildProcessTest, TheEnvironmentIsTheOneGiven) {
  ChildProcessOptions options = Shell("/usr/bin/env");
  options.environment = {"ONLY=this"};
  EXPECT_TRUE(Run(options).success());
  EXPECT_THAT(LogTail(log_), HasSubstr("ONLY=this"));
  EXPECT_THAT(LogTail(log_), testing::Not(HasSubstr("HOME=")));
}

TEST_F(ChildProcessTest, StandardInputIsEmpty) {
  EXPECT_TRUE(Run(Shell("test -z \"$(cat)\"")).success());
}

TEST_F(ChildProcessTest, ItStartsInTheRootDirectory) {
  EXPECT_TRUE(Run(Shell("test \"$(pwd)\" = /")).success());
}

TEST_F(ChildProcessTest, OnlyKeptDescriptorsStayOpen) {
  const FileDescriptor kept(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const FileDescriptor other(open("/dev/null", O_RDONLY));
  ChildProcessOptions options = Shell(absl::StrCat("test -e /proc/self/fd/", kept.get(),
                                                   " && test ! -e /proc/self/fd/", other.get()));
  options.kept_descriptors = {kept.get()};
  EXPECT_EQ(Run(options).code, 0);
}

TEST_F(ChildProcessTest, ANewSessionIsLedByTheProcess) {
  ChildProcessOptions options = Shell("exec /usr/bin/cut -d' ' -f1,6 /proc/self/stat");
  options.new_session = true;
  auto child = ChildProcess::Start(options);
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_TRUE(WaitFor(*child).success());
  EXPECT_EQ(LogTail(log_), absl::StrCat("    ", child->pid(), " ", child->pid(), "\n"));
}

TEST_F(ChildProcessTest, SignalsThatWeBlockOrIgnoreReachTheProcess) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
  const auto ignored_before = signal(SIGINT, SIG_IGN);
  EXPECT_EQ(Run(Shell("kill -TERM $$; exit 0")).signal, SIGTERM);
  EXPECT_EQ(Run(Shell("kill -INT $$; exit 0")).signal, SIGINT);
  signal(SIGINT, ignored_before);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_F(ChildProcessTest, AMissingProgramIsAnErrorThatNamesIt) {
  const auto child = ChildProcess::Start({.arguments = {"/no/such/program"}});
  EXPECT_EQ(StatusErrno(child.status()), ENOENT);
  EXPECT_THAT(std::string(child.status().message()), HasSubstr("/no/such/program"));
}

TEST_F(ChildProcessTest, AProgramThatTheKernelRefusesEndsWith127AndSaysWhy) {
  const std::string program = absl::StrCat(testing::TempDir(), "not_a_program");
  const FileDescriptor file(open(program.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0700));
  ASSERT_EQ(write(file.get(),
                  "\x7f"
                  "ELF",
                  4),
            4);
  ChildProcessOptions options = {.arguments = {program}, .log_file = log_};
  EXPECT_EQ(Run(options).code, 127);
  EXPECT_THAT(LogTail(log_), HasSubstr(program));
}

TEST_F(ChildProcessTest, ALogThatCannotBeOpenedIsAnErrorThatNamesIt) {
  ChildProcessOptions options = Shell("exit 0");
  options.log_file = "/no/such/directory/log";
  const auto child = ChildProcess::Start(options);
  EXPECT_THAT(std::string(child.status().message()), HasSubstr("/no/such/directory/log"));
}

TEST_F(ChildProcessTest, AHeldProcessDoesNothingBeforeItIsReleased) {
  ChildProcessOptions options = Shell("echo ran");
  options.held = true;
  auto child = ChildProcess::Start(options);
  ASSERT_TRUE(child.ok()) << child.status();
  // The process cannot end: a deadline in the past shows without waiting that it has not.
  EXPECT_EQ(child->Wait({.deadline = absl::InfinitePast()}).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(LogTail(log_), HasSubstr("is empty"));
  ASSERT_TRUE(child->Release().ok());
  EXPECT_TRUE(WaitFor(*child).success());
  EXPECT_EQ(LogTail(log_), "    ran\n");
}

TEST_F(ChildProcessTest, AHeldProcessCanBeTerminated) {
  ChildProcessOptions options = Shell("echo ran");
  options.held = true;
  auto child = ChildProcess::Start(options);
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_TRUE(child->Terminate(kLong).ok());
  EXPECT_THAT(LogTail(log_), HasSubstr("is empty"));
}

TEST_F(ChildProcessTest, ReleasingADeadProcessIsNoError) {
  ChildProcessOptions options = Shell("exit 0");
  options.held = true;
  auto child = ChildProcess::Start(options);
  ASSERT_TRUE(child.ok()) << child.status();
  kill(child->pid(), SIGKILL);
  EXPECT_EQ(WaitFor(*child).signal, SIGKILL);
  EXPECT_TRUE(child->Release().ok());
}

TEST_F(ChildProcessTest, TerminateGivesTheProcessTimeToCleanUp) {
  const auto ready = OpenPipe();
  ASSERT_TRUE(ready.ok());
  ChildProcessOptions options = Shell("trap 'exit 5' TERM; echo up; while :; do :; done");
  options.standard_output = ready->write_end.get();
  auto child = ChildProcess::Start(options);
  ASSERT_TRUE(child.ok()) << child.status();
  ASSERT_TRUE(WaitReadable({ready->read_end.get()}, {.deadline = absl::Now() + kLong}).ok());
  EXPECT_EQ(child->Terminate(kLong)->code, 5);
}

TEST_F(ChildProcessTest, AProcessThatIgnoresSigtermIsKilledWhenItsTimeIsUp) {
  const auto ready = OpenPipe();
  ASSERT_TRUE(ready.ok());
  ChildProcessOptions options = Shell("trap '' TERM; echo up; while :; do :; done");
  options.standard_output = ready->write_end.get();
  auto child = ChildProcess::Start(options);
  ASSERT_TRUE(child.ok()) << child.status();
  ASSERT_TRUE(WaitReadable({ready->read_end.get()}, {.deadline = absl::Now() + kLong}).ok());
  EXPECT_EQ(child->Terminate(absl::ZeroDuration())->signal, SIGKILL);
}

TEST_F(ChildProcessTest, AForgottenProcessIsKilled) {
  pid_t pid = 0;
  {
    auto child = ChildProcess::Start(Shell("while :; do :; done"));
    ASSERT_TRUE(child.ok()) << child.status();
    pid = child->pid();
  }
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST_F(ChildProcessTest, AWaitThatIsInterruptedLeavesTheProcessAlone) {
  const auto interrupt = OpenPipe();
  ASSERT_TRUE(interrupt.ok());
  ASSERT_EQ(write(interrupt->write_end.get(), "x", 1), 1);
  auto child = ChildProcess::Start(Shell("while :; do :; done"));
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(child->Wait({.interrupt_descriptor = interrupt->read_end.get()}).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(kill(child->pid(), 0), 0);
}

}  // namespace
}  // namespace coppice
