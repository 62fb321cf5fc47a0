#include "bench/system_call_counter.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "deploy/pipe.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr pid_t kNoSuchProcess = 0x7ffffff0;
constexpr uint64_t kCalls = 10'000;
// What counting itself takes, and starting a thread or a process.
constexpr uint64_t kOwnMax = 1'000;

void CallTheKernel() {
  for (uint64_t i = 0; i < kCalls; ++i) syscall(SYS_getppid);
}

class SystemCallCounterTest : public testing::Test {
 protected:
  void SetUp() override {
    if (absl::Status status = CheckSystemCallsCountable(); !status.ok()) {
      ASSERT_TRUE(absl::IsUnimplemented(status)) << status;
      GTEST_SKIP() << "NOT TESTED: " << status.message();
    }
  }

  // Ours, while `work` is done.
  static uint64_t CountOf(const std::function<void()>& work) {
    const auto counter = SystemCallCounter::Start({getpid()});
    EXPECT_TRUE(counter.ok()) << counter.status();
    if (!counter.ok()) return 0;
    work();
    const auto total = counter->Total();
    EXPECT_TRUE(total.ok()) << total.status();
    return total.value_or(0);
  }
};

TEST_F(SystemCallCounterTest, CallsOfTheProcessAreCounted) {
  const uint64_t count = CountOf(CallTheKernel);
  EXPECT_GE(count, kCalls);
  EXPECT_LE(count, kCalls + kOwnMax);
}

TEST_F(SystemCallCounterTest, NoCallsAreNone) {
  EXPECT_LE(CountOf([] {}), kOwnMax);
}

TEST_F(SystemCallCounterTest, ThreadsThatStartLaterAndHaveEndedAreCountedOnce) {
  const uint64_t count =
      CountOf([] { std::thread([] { std::thread(CallTheKernel).join(); }).join(); });
  EXPECT_GE(count, kCalls);
  EXPECT_LE(count, kCalls + kOwnMax);
}

TEST_F(SystemCallCounterTest, ThreadsThatWereThereBeforeAreCountedOnce) {
  auto go = OpenPipe();
  auto done = OpenPipe();
  ASSERT_TRUE(go.ok() && done.ok());
  char byte = 0;
  std::thread thread([&] {
    char got = 0;
    if (read(go->read_end.get(), &got, 1) != 1) return;
    CallTheKernel();
    (void)!write(done->write_end.get(), &got, 1);
  });
  const uint64_t count = CountOf([&] {
    EXPECT_EQ(write(go->write_end.get(), &byte, 1), 1);
    EXPECT_EQ(read(done->read_end.get(), &byte, 1), 1);
  });
  thread.join();
  EXPECT_GE(count, kCalls);
  EXPECT_LE(count, kCalls + kOwnMax);
}

TEST_F(SystemCallCounterTest, ChildrenAreCounted) {
  const uint64_t count = CountOf([] {
    const pid_t child = fork();
    if (child == 0) {
      CallTheKernel();
      _exit(0);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  });
  EXPECT_GE(count, kCalls);
  EXPECT_LE(count, kCalls + kOwnMax);
}

TEST_F(SystemCallCounterTest, OtherProcessesAreNotCounted) {
  auto go = OpenPipe();
  ASSERT_TRUE(go.ok());
  // Its own child is counted by whoever counts the test; a process that was there before is not.
  const pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    if (read(go->read_end.get(), &byte, 1) == 1) CallTheKernel();
    _exit(0);
  }
  const uint64_t count = CountOf([&] {
    char byte = 0;
    EXPECT_EQ(write(go->write_end.get(), &byte, 1), 1);
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
  });
  EXPECT_LE(count, kOwnMax);
}

TEST_F(SystemCallCounterTest, AProcessThatIsNotThereIsNotFound) {
  EXPECT_EQ(SystemCallCounter::Start({kNoSuchProcess}).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace coppice
