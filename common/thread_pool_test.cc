#include "common/thread_pool.h"

#include <atomic>
#include <latch>
#include <memory>

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(ThreadPoolTest, RunsEveryTaskOnce) {
  std::atomic<int> runs = 0;
  {
    ThreadPool pool(4, 1000);
    for (int i = 0; i < 1000; ++i) {
      ThreadPool::Task task = [&runs] { ++runs; };
      while (!pool.TrySchedule(task)) std::this_thread::yield();
    }
  }
  EXPECT_EQ(runs, 1000);
}

TEST(ThreadPoolTest, TasksRunSideBySide) {
  // Each of two tasks waits for the other: one thread alone would never finish.
  std::latch both(2);
  ThreadPool pool(2, 2);
  for (int i = 0; i < 2; ++i) {
    ThreadPool::Task task = [&both] { both.arrive_and_wait(); };
    ASSERT_TRUE(pool.TrySchedule(task));
  }
}

// One thread wakes the next: none may be left asleep while a task waits that the others wait for.
TEST(ThreadPoolTest, AllThreadsWakeForTasksThatWaitForEachOther) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 500;
  ThreadPool pool(kThreads, kThreads);
  for (int round = 0; round < kRounds; ++round) {
    std::latch all(kThreads), ended(kThreads);
    for (int i = 0; i < kThreads; ++i) {
      ThreadPool::Task task = [&] {
        all.arrive_and_wait();
        ended.count_down();
      };
      while (!pool.TrySchedule(task)) std::this_thread::yield();
    }
    ended.wait();
  }
}

TEST(ThreadPoolTest, AFullQueueRefusesAndLeavesTheTaskAlone) {
  std::latch started(1), release(1);
  std::atomic<int> runs = 0;
  ThreadPool pool(1, 1);
  ThreadPool::Task holder = [&] {
    started.count_down();
    release.wait();
  };
  ASSERT_TRUE(pool.TrySchedule(holder));
  started.wait();
  ThreadPool::Task queued = [&runs] { ++runs; };
  ASSERT_TRUE(pool.TrySchedule(queued));
  ThreadPool::Task refused = [&runs] { ++runs; };
  EXPECT_FALSE(pool.TrySchedule(refused));
  ASSERT_TRUE(refused != nullptr);
  std::move(refused)();
  EXPECT_EQ(runs, 1);
  release.count_down();
}

TEST(ThreadPoolTest, TheDestructorFinishesWhatIsQueued) {
  std::atomic<int> runs = 0;
  {
    ThreadPool pool(1, 100);
    for (int i = 0; i < 100; ++i) {
      ThreadPool::Task task = [&runs] { ++runs; };
      ASSERT_TRUE(pool.TrySchedule(task));
    }
  }
  EXPECT_EQ(runs, 100);
}

}  // namespace
}  // namespace coppice
