#include "common/shared_work.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include "common/mutex.h"

namespace coppice {
namespace {

// Outlives the caller: a thread may come for work when it is all done.
class Pieces {
 public:
  Pieces(size_t count, absl::FunctionRef<void(size_t)> piece) : count_(count), piece_(piece) {}

  // Takes pieces until none is left. After the caller has left there is none.
  void Work() {
    for (size_t i = next_.fetch_add(1); i < count_; i = next_.fetch_add(1)) {
      piece_(i);
      MutexLock lock(mutex_);
      if (++finished_ == count_) all_finished_.NotifyAll();
    }
  }

  void AwaitAll() {
    MutexLock lock(mutex_);
    while (finished_ < count_) all_finished_.Wait(mutex_);
  }

 private:
  const size_t count_;
  const absl::FunctionRef<void(size_t)> piece_;
  std::atomic<size_t> next_ = 0;
  Mutex mutex_;
  CondVar all_finished_;
  size_t finished_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

void RunShared(ThreadPool& pool, size_t piece_count, size_t threads_max,
               absl::FunctionRef<void(size_t)> piece) {
  const auto pieces = std::make_shared<Pieces>(piece_count, piece);
  const size_t others = std::min(piece_count, threads_max) - (piece_count > 0 ? 1 : 0);
  for (size_t i = 0; i < others; ++i) {
    ThreadPool::Task task = [pieces] { pieces->Work(); };
    // A full queue has no thread to spare.
    if (!pool.TrySchedule(task)) break;
  }
  pieces->Work();
  pieces->AwaitAll();
}

}  // namespace coppice
