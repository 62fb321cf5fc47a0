#include "bench/process_costs.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr pid_t kNoSuchProcess = 0x7ffffff0;

ProcessCosts Ours() {
  auto costs = ReadProcessCosts(getpid());
  EXPECT_TRUE(costs.ok()) << costs.status();
  return costs.value_or(ProcessCosts());
}

void Burn(absl::Duration duration) {
  const ProcessCosts before = Ours();
  while (Ours().cpu - before.cpu < duration) {
  }
}

TEST(ProcessCostsTest, CpuTimeCountsAlsoThreadsThatHaveEnded) {
  const ProcessCosts before = Ours();
  std::thread([] { Burn(absl::Milliseconds(30)); }).join();
  const ProcessCosts spent = CostsBetween(before, Ours());
  EXPECT_GE(spent.cpu, absl::Milliseconds(30));
  // The ticks of user and system say the same, roughly.
  EXPECT_GE(spent.user + spent.system, absl::Milliseconds(10));
}

TEST(ProcessCostsTest, ReadCallsAreCounted) {
  const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(zero, 0);
  const ProcessCosts before = Ours();
  std::array<char, 16> buffer;
  for (int i = 0; i < 100; ++i) ASSERT_EQ(read(zero, buffer.data(), buffer.size()), 16);
  const ProcessCosts after = Ours();
  close(zero);
  if (after.read_calls == 0) GTEST_SKIP() << "THIS KERNEL DOES NOT COUNT READ CALLS";
  EXPECT_GE(CostsBetween(before, after).read_calls, 100u);
}

TEST(ProcessCostsTest, MemoryIsThatOfNow) {
  const ProcessCosts costs = Ours();
  EXPECT_GT(costs.resident_bytes, 1u << 20);
  EXPECT_GE(costs.resident_bytes_max, costs.resident_bytes);
}

TEST(ProcessCostsTest, AProcessThatIsNotThereIsNotFound) {
  EXPECT_EQ(ReadProcessCosts(kNoSuchProcess).status().code(), absl::StatusCode::kNotFound);
}

TEST(ProcessCostsTest, SwitchesThatEndedThreadsTookWithThemCountAsNone) {
  const ProcessCosts spent = CostsBetween({.voluntary_switches = 10, .involuntary_switches = 1},
                                          {.voluntary_switches = 4, .involuntary_switches = 3});
  EXPECT_EQ(spent.voluntary_switches, 0u);
  EXPECT_EQ(spent.involuntary_switches, 2u);
}

TEST(ProcFieldTest, AFieldIsFoundByItsWholeName) {
  const char text[] = "VmRSSx:\t1 kB\nVmRSS:\t     12 kB\nThreads:\t3\nbad:\tx\nempty:\n";
  EXPECT_EQ(ProcField(text, "VmRSS"), 12u * 1024);
  EXPECT_EQ(ProcField(text, "Threads"), 3u);
  EXPECT_EQ(ProcField(text, "bad"), 0u);
  EXPECT_EQ(ProcField(text, "empty"), 0u);
  EXPECT_EQ(ProcField(text, "missing"), 0u);
}

}  // namespace
}  // namespace coppice
