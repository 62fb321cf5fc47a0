#include "rpc/alarm_timer.h"

#include <memory>
#include <utility>

#include "gtest/gtest.h"
#include "source/testing/await.h"

namespace coppice {
namespace {

TEST(AlarmTimerTest, ATaskRunsOnceAndNotWithinTheCall) {
  const auto timer = MakeAlarmTimer();
  Answer<bool> ran;
  timer->RunAfter(absl::ZeroDuration(),
                  [done = ran.MakeDone()]() mutable { std::move(done)(true); });
  EXPECT_TRUE(ran.Await().ok());
  EXPECT_EQ(ran.Runs(), 1);
}

TEST(AlarmTimerTest, ACancelledTaskDoesNotRun) {
  const auto timer = MakeAlarmTimer();
  Answer<bool> ran;
  const Timer::Id id =
      timer->RunAfter(absl::Hours(1), [done = ran.MakeDone()]() mutable { std::move(done)(true); });
  EXPECT_TRUE(timer->Cancel(id));
  EXPECT_FALSE(timer->Cancel(id));
  EXPECT_FALSE(timer->Cancel(12345));
  EXPECT_FALSE(ran.IsReady());
}

TEST(AlarmTimerTest, DestroyingTheTimerDropsWhatHasNotRun) {
  auto timer = MakeAlarmTimer();
  const auto token = std::make_shared<int>(0);
  for (int i = 0; i < 100; ++i) timer->RunAfter(absl::Hours(1), [token] { ADD_FAILURE(); });
  EXPECT_EQ(token.use_count(), 101);
  timer.reset();
  EXPECT_EQ(token.use_count(), 1);
}

TEST(AlarmTimerTest, ATaskMaySetAnotherAndADelayMayBeInfinite) {
  const auto timer = MakeAlarmTimer();
  Answer<bool> ran;
  timer->RunAfter(absl::InfiniteDuration(), [] { ADD_FAILURE(); });
  timer->RunAfter(absl::ZeroDuration(), [&timer, &ran] {
    timer->RunAfter(absl::ZeroDuration(),
                    [done = ran.MakeDone()]() mutable { std::move(done)(true); });
  });
  EXPECT_TRUE(ran.Await().ok());
}

}  // namespace
}  // namespace coppice
