#include "fuse_client/periodic_task.h"

#include <atomic>
#include <future>

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(PeriodicTaskTest, RunsAgainAndAgain) {
  std::atomic<int> runs = 0;
  std::promise<void> third;
  PeriodicTask task(absl::Microseconds(1), [&] {
    if (++runs == 3) third.set_value();
  });
  third.get_future().wait();
}

TEST(PeriodicTaskTest, StopsWithoutWaitingForTheInterval) {
  PeriodicTask task(absl::Hours(1000), [] { FAIL() << "too early"; });
}

}  // namespace
}  // namespace coppice
