#include "fuse_client/kernel_cache_notifier.h"

#include <future>
#include <thread>

#include "fuse_client/testing/fake_kernel_cache.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using Task = KernelCacheNotifier::Task;

Task ExpireTask(const std::string& name) {
  return [name](KernelCache& cache) { cache.ExpireEntry(1, name); };
}

// A task that holds the notifier's thread until it is released.
class Hold {
 public:
  Task MakeTask() {
    return [this](KernelCache&) {
      started_.set_value();
      release_.get_future().wait();
    };
  }
  void WaitUntilStarted() { started_.get_future().wait(); }
  void Release() { release_.set_value(); }

 private:
  std::promise<void> started_, release_;
};

TEST(KernelCacheNotifierTest, TasksRunInTheirOrderAndAllRunBeforeStopReturns) {
  FakeKernelCache cache;
  KernelCacheNotifier notifier(cache);
  for (const char* name : {"a", "b", "c"}) {
    Task task = ExpireTask(name);
    EXPECT_TRUE(notifier.Post(task));
  }
  notifier.Stop();
  EXPECT_THAT(cache.Take(), ElementsAre("expire 1/a", "expire 1/b", "expire 1/c"));
}

TEST(KernelCacheNotifierTest, ATriedPostFailsWhenTheQueueIsFullAndKeepsItsTask) {
  FakeKernelCache cache;
  KernelCacheNotifier notifier(cache, /*queue_length_max=*/1);
  Hold hold;
  Task holding = hold.MakeTask();
  ASSERT_TRUE(notifier.Post(holding));
  hold.WaitUntilStarted();
  Task queued = ExpireTask("queued"), refused = ExpireTask("refused");
  EXPECT_TRUE(notifier.TryPost(queued));
  EXPECT_FALSE(notifier.TryPost(refused));
  hold.Release();
  EXPECT_TRUE(notifier.Post(refused));  // waits for a place
  notifier.Stop();
  EXPECT_THAT(cache.Take(), ElementsAre("expire 1/queued", "expire 1/refused"));
}

TEST(KernelCacheNotifierTest, AfterStopNothingIsTaken) {
  FakeKernelCache cache;
  KernelCacheNotifier notifier(cache);
  notifier.Stop();
  Task task = ExpireTask("a");
  EXPECT_FALSE(notifier.Post(task));
  EXPECT_FALSE(notifier.TryPost(task));
  std::move(task)(cache);
  EXPECT_THAT(cache.Take(), ElementsAre("expire 1/a"));
}

TEST(KernelCacheNotifierTest, StopReleasesWhoWaitsForAPlace) {
  FakeKernelCache cache;
  KernelCacheNotifier notifier(cache, /*queue_length_max=*/1);
  Hold hold;
  Task holding = hold.MakeTask(), queued = ExpireTask("queued");
  ASSERT_TRUE(notifier.Post(holding));
  hold.WaitUntilStarted();
  ASSERT_TRUE(notifier.Post(queued));
  std::thread waiter([&] {
    Task late = ExpireTask("late");
    // Either the stop or the free place comes first; it returns in both cases.
    (void)notifier.Post(late);
  });
  std::thread stopper([&] { notifier.Stop(); });
  hold.Release();
  waiter.join();
  stopper.join();
}

}  // namespace
}  // namespace coppice
