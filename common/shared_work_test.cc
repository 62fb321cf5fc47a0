#include "common/shared_work.h"

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "common/mutex.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(SharedWorkTest, EachPieceRunsOnceBeforeItReturns) {
  ThreadPool pool(4, 100);
  std::vector<std::atomic<int>> runs(1'000);
  RunShared(pool, runs.size(), 4, [&](size_t i) { ++runs[i]; });
  for (const auto& count : runs) EXPECT_EQ(count, 1);
}

TEST(SharedWorkTest, NoPiecesAreNoWork) {
  ThreadPool pool(1, 1);
  RunShared(pool, 0, 4, [](size_t) { FAIL(); });
}

TEST(SharedWorkTest, PiecesRunAtTheSameTime) {
  ThreadPool pool(3, 100);
  Mutex mutex;
  CondVar changed;
  size_t here = 0;
  // Each waits for all others: with fewer threads this would not end.
  RunShared(pool, 4, 4, [&](size_t) {
    MutexLock lock(mutex);
    ++here;
    changed.NotifyAll();
    while (here < 4) changed.Wait(mutex);
  });
  EXPECT_EQ(here, 4u);
}

TEST(SharedWorkTest, NoMoreThreadsThanAskedFor) {
  ThreadPool pool(8, 100);
  Mutex mutex;
  std::set<std::thread::id> threads;
  RunShared(pool, 1'000, 2, [&](size_t) {
    MutexLock lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_LE(threads.size(), 2u);
}

TEST(SharedWorkTest, APoolWhoseThreadsAllShareWorkDoesNotStandStill) {
  std::atomic<int> pieces = 0;
  {
    ThreadPool pool(2, 1'000);
    for (int i = 0; i < 50; ++i) {
      ThreadPool::Task task = [&] { RunShared(pool, 20, 4, [&](size_t) { ++pieces; }); };
      ASSERT_TRUE(pool.TrySchedule(task));
    }
  }
  EXPECT_EQ(pieces, 50 * 20);
}

TEST(SharedWorkTest, WithAFullQueueTheCallerDoesItAlone) {
  std::atomic<int> pieces = 0;
  ThreadPool pool(1, 1);
  Mutex mutex;
  CondVar changed;
  bool busy = false;
  bool release = false;
  ThreadPool::Task hold = [&] {
    MutexLock lock(mutex);
    busy = true;
    changed.NotifyAll();
    while (!release) changed.Wait(mutex);
  };
  ASSERT_TRUE(pool.TrySchedule(hold));
  {
    MutexLock lock(mutex);
    while (!busy) changed.Wait(mutex);
  }
  RunShared(pool, 10, 4, [&](size_t) { ++pieces; });
  EXPECT_EQ(pieces, 10);
  MutexLock lock(mutex);
  release = true;
  changed.NotifyAll();
}

}  // namespace
}  // namespace coppice
