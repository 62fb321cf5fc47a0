#include "deploy/cpu_binding.h"

#include <sched.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/child_process.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<int> CpusNow() {
  cpu_set_t set;
  EXPECT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

TEST(CpuBindingTest, AListHasNumbersAndRanges) {
  EXPECT_THAT(*ParseCpuList("5,1-3,2"), ElementsAre(1, 2, 3, 5));
  EXPECT_THAT(*ParseCpuList(""), IsEmpty());
}

TEST(CpuBindingTest, GarbageIsRefusedByName) {
  for (const char* list : {"x", "1-", "-1", "3-1", "1,,2", "1-2-3", "999999", "1;2"}) {
    const auto parsed = ParseCpuList(list);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << list;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("48-51,100"));
  }
}

TEST(CpuBindingTest, AChildInheritsItAndTheThreadGetsItsOwnBack) {
  const std::vector<int> before = CpusNow();
  {
    const auto binding = CpuBinding::OfThisThread(absl::StrCat(before.back()));
    ASSERT_TRUE(binding.ok()) << binding.status();
    EXPECT_THAT(CpusNow(), ElementsAre(before.back()));
    auto child =
        ChildProcess::Start({.arguments = {"/bin/sh", "-c",
                                           absl::StrCat("grep -qx 'Cpus_allowed_list:[[:space:]]*",
                                                        before.back(), "' /proc/self/status")},
                             .environment = OwnEnvironment()});
    ASSERT_TRUE(child.ok()) << child.status();
    const auto end = child->Wait({.deadline = absl::Now() + absl::Seconds(30)});
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_TRUE(end->success());
  }
  EXPECT_EQ(CpusNow(), before);
}

TEST(CpuBindingTest, ACpuThatIsNotThereIsNamedAndNothingChanges) {
  const std::vector<int> before = CpusNow();
  for (const std::string& list : {std::string("1023"), absl::StrCat(before.front(), ",1023")}) {
    const auto binding = CpuBinding::OfThisThread(list);
    EXPECT_THAT(std::string(binding.status().message()), HasSubstr("CPU"));
    EXPECT_EQ(CpusNow(), before);
  }
}

TEST(CpuBindingTest, NoListBindsNothing) {
  const std::vector<int> before = CpusNow();
  ASSERT_TRUE(CpuBinding::OfThisThread("").ok());
  EXPECT_EQ(CpusNow(), before);
}

}  // namespace
}  // namespace coppice
