#include "rpc/callback_queue.h"

#include <grpc/grpc.h>
#include <grpc/support/time.h>
#include <grpcpp/completion_queue.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "common/mutex.h"

namespace coppice {
namespace {

using Clock = std::chrono::steady_clock;

// As many threads at most as gRPC would have.
constexpr unsigned kThreadsMin = 2;
constexpr unsigned kThreadsMax = 16;
// The first thread calls for another when it had no rest for so long.
constexpr auto kBusyBeforeJoin = std::chrono::microseconds(500);
// An event that took longer to come had to be waited for.
constexpr auto kWait = std::chrono::microseconds(20);
// How long a thread that joined waits for an event before it leaves.
constexpr int64_t kSpareWaitMicroseconds = 1'000;

class CallbackQueue {
 public:
  CallbackQueue() {
    const unsigned threads =
        std::clamp(std::thread::hardware_concurrency() / 2, kThreadsMin, kThreadsMax);
    Start(&CallbackQueue::Serve);
    for (unsigned i = 1; i < threads; ++i) Start(&CallbackQueue::ServeWhenNeeded);
  }

  grpc::CompletionQueue& queue() { return queue_; }

  CallbackQueueCounters Count() const {
    return {.callbacks = callbacks_.load(std::memory_order_relaxed),
            .spare_joins = joins_.load(std::memory_order_relaxed)};
  }

 private:
  void Start(void (CallbackQueue::*serve)()) {
    std::thread thread([this, serve] {
      pthread_setname_np(pthread_self(), "callbacks");
      (this->*serve)();
    });
    thread.detach();  // there until the process ends, as the queue
  }

  // The first thread: always there.
  void Serve() {
    Clock::time_point asked = Clock::now();
    Clock::time_point busy_since = asked;
    while (RunNext(gpr_inf_future(GPR_CLOCK_MONOTONIC), &asked, &busy_since)) {
      if (asked - busy_since < kBusyBeforeJoin) continue;
      busy_since = asked;
      CallSpare();
    }
  }

  // The others: each sleeps until it is called, and serves until it has to wait.
  void ServeWhenNeeded() {
    for (;;) {
      {
        MutexLock lock(mutex_);
        ++spares_asleep_;
        while (spares_called_ == 0) called_.Wait(mutex_);
        --spares_called_;
      }
      joins_.fetch_add(1, std::memory_order_relaxed);
      Clock::time_point asked = Clock::now();
      const Clock::time_point joined = asked;
      Clock::time_point busy_since = joined;
      while (busy_since == joined) {
        const gpr_timespec deadline =
            gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                         gpr_time_from_micros(kSpareWaitMicroseconds, GPR_TIMESPAN));
        if (!RunNext(deadline, &asked, &busy_since)) break;
      }
    }
  }

  void CallSpare() {
    MutexLock lock(mutex_);
    if (spares_asleep_ == 0) return;
    --spares_asleep_;
    ++spares_called_;
    called_.NotifyOne();
  }

  // Waits for an event and runs its callback. False: none came in time. `asked` is the time now,
  // before and after; `busy_since` becomes the time when the event came, if it had to be waited
  // for.
  bool RunNext(gpr_timespec deadline, Clock::time_point* asked, Clock::time_point* busy_since) {
    const grpc_event event = grpc_completion_queue_next(queue_.cq(), deadline, nullptr);
    if (event.type != GRPC_OP_COMPLETE) return false;
    const Clock::time_point came = Clock::now();
    if (came - *asked > kWait) *busy_since = came;
    callbacks_.fetch_add(1, std::memory_order_relaxed);
    auto* const functor = static_cast<grpc_completion_queue_functor*>(event.tag);
    functor->functor_run(functor, event.success);
    *asked = Clock::now();
    return true;
  }

  grpc::CompletionQueue queue_;
  std::atomic<uint64_t> callbacks_ = 0;
  std::atomic<uint64_t> joins_ = 0;

  Mutex mutex_;
  CondVar called_;
  size_t spares_asleep_ ABSL_GUARDED_BY(mutex_) = 0;  // and not called
  size_t spares_called_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One a process, as gRPC has it: which queue a channel uses is nobody's to choose.
CallbackQueue& TheCallbackQueue() {
  static CallbackQueue* const queue = new CallbackQueue;
  return *queue;
}

}  // namespace

CallbackQueueCounters CountCallbacks() { return TheCallbackQueue().Count(); }

}  // namespace coppice

namespace grpc {

CompletionQueue* CompletionQueue::CallbackAlternativeCQ() {
  return &coppice::TheCallbackQueue().queue();
}

void CompletionQueue::ReleaseCallbackAlternativeCQ(CompletionQueue*) {}

}  // namespace grpc
