#include "bench/hop/in_flight_window.h"

#include <cerrno>
#include <thread>
#include <utility>
#include <vector>

#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

// Ends operations in the order in which they were started, on a thread of its own.
class Ends {
 public:
  void Add(InFlightWindow::Finished finished) {
    MutexLock lock(mutex_);
    waiting_.push_back(std::move(finished));
    most_ = std::max(most_, waiting_.size());
    changed_.NotifyAll();
  }

  // Ends `count` operations, each once `width` are waiting or none is left to come.
  void EndAll(size_t count, size_t width, size_t failing) {
    for (size_t i = 0; i < count; ++i) {
      InFlightWindow::Finished finished;
      {
        MutexLock lock(mutex_);
        while (waiting_.size() < std::min(width, count - i)) changed_.Wait(mutex_);
        finished = std::move(waiting_.front());
        waiting_.erase(waiting_.begin());
      }
      std::move(finished)(i == failing ? ErrnoStatus(EIO, "the disk") : absl::OkStatus());
    }
  }

  size_t most() const {
    MutexLock lock(mutex_);
    return most_;
  }

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<InFlightWindow::Finished> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t most_ ABSL_GUARDED_BY(mutex_) = 0;
};

constexpr size_t kNone = static_cast<size_t>(-1);

TEST(InFlightWindowTest, RunsEachOnceWithThatManyUnderWay) {
  Ends ends;
  Mutex mutex;
  std::vector<size_t> started;
  InFlightWindow window(100, 8, [&](size_t number, InFlightWindow::Finished finished) {
    {
      MutexLock lock(mutex);
      started.push_back(number);
    }
    ends.Add(std::move(finished));
  });
  std::thread ender([&] { ends.EndAll(100, 8, kNone); });
  EXPECT_TRUE(window.Run().ok());
  ender.join();
  EXPECT_EQ(ends.most(), 8u);
  ASSERT_EQ(started.size(), 100u);
  for (size_t i = 0; i < started.size(); ++i) EXPECT_EQ(started[i], i);
}

TEST(InFlightWindowTest, FewerThanTheWidthAreAllUnderWayAtOnce) {
  Ends ends;
  InFlightWindow window(
      3, 8, [&](size_t, InFlightWindow::Finished finished) { ends.Add(std::move(finished)); });
  std::thread ender([&] { ends.EndAll(3, 3, kNone); });
  EXPECT_TRUE(window.Run().ok());
  ender.join();
  EXPECT_EQ(ends.most(), 3u);
}

TEST(InFlightWindowTest, NothingToDoEndsAtOnce) {
  InFlightWindow window(0, 8, [](size_t, InFlightWindow::Finished) { FAIL(); });
  EXPECT_TRUE(window.Run().ok());
}

TEST(InFlightWindowTest, TheFirstErrorEndsItAfterWhatIsUnderWay) {
  Ends ends;
  size_t started = 0;
  InFlightWindow window(100, 4, [&](size_t, InFlightWindow::Finished finished) {
    ++started;
    ends.Add(std::move(finished));
  });
  // The first fails: the three others that are under way end, and no more are started.
  std::thread ender([&] { ends.EndAll(4, 4, 0); });
  EXPECT_EQ(StatusErrno(window.Run()), EIO);
  ender.join();
  EXPECT_EQ(started, 4u);
}

}  // namespace
}  // namespace coppice
