#include "bench/delayed_tasks.h"

#include <future>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;

TEST(DelayedTasksTest, ATaskRunsNotBeforeItsTime) {
  DelayedTasks tasks;
  std::promise<absl::Time> ran;
  const absl::Time time = absl::Now() + absl::Milliseconds(20);
  tasks.RunAt(time, [&ran] { ran.set_value(absl::Now()); });
  EXPECT_GE(ran.get_future().get(), time);
}

TEST(DelayedTasksTest, TasksRunInTheOrderOfTheirTimes) {
  std::vector<int> order;
  {
    DelayedTasks tasks;
    const absl::Time later = absl::Now() + absl::Hours(1);
    tasks.RunAt(later + absl::Seconds(2), [&order] { order.push_back(3); });
    tasks.RunAt(later, [&order] { order.push_back(1); });
    tasks.RunAt(later, [&order] { order.push_back(2); });
  }
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST(DelayedTasksTest, AnEarlierOneOvertakesOneThatIsWaitedFor) {
  DelayedTasks tasks;
  std::promise<void> ran;
  tasks.RunAt(absl::Now() + absl::Hours(1), [] {});
  tasks.RunAt(absl::Now(), [&ran] { ran.set_value(); });
  ran.get_future().get();
}

TEST(DelayedTasksTest, ATaskMayAddATask) {
  DelayedTasks tasks;
  std::promise<void> ran;
  tasks.RunAt(absl::Now(), [&] { tasks.RunAt(absl::Now(), [&ran] { ran.set_value(); }); });
  ran.get_future().get();
}

}  // namespace
}  // namespace coppice
