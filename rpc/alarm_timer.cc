#include "rpc/alarm_timer.h"

#include <grpcpp/alarm.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/mutex.h"

namespace coppice {
namespace {

// Beyond it the sum with the time of day could overflow.
constexpr absl::Duration kDelayMax = absl::Hours(24 * 365);

class AlarmTimer final : public Timer {
 public:
  AlarmTimer() = default;

  ~AlarmTimer() override {
    absl::flat_hash_map<Id, Pending> dropped;
    {
      MutexLock lock(mutex_);
      dropped.swap(pending_);
    }
    dropped.clear();  // destroying an alarm cancels it; its callback still runs
    MutexLock lock(mutex_);
    while (callbacks_due_ > 0) callback_ran_.Wait(mutex_);
  }

  Id RunAfter(absl::Duration delay, Task task) override {
    auto alarm = std::make_unique<grpc::Alarm>();
    grpc::Alarm* const set_later = alarm.get();
    MutexLock lock(mutex_);
    const Id id = ++last_id_;
    ++callbacks_due_;
    pending_.emplace(id, Pending{std::move(alarm), std::move(task)});
    // With the lock held, so that nobody destroys the alarm before it is set. It never calls back
    // from within Set: gRPC gives that to its executor.
    set_later->Set(
        std::chrono::system_clock::now() + absl::ToChronoNanoseconds(std::min(delay, kDelayMax)),
        [this, id](bool) { Expire(id); });
    return id;
  }

  bool Cancel(Id id) override {
    Pending cancelled = Take(id);  // destroyed without the lock
    return cancelled.alarm != nullptr;
  }

 private:
  struct Pending {
    std::unique_ptr<grpc::Alarm> alarm;
    Task task;
  };

  Pending Take(Id id) {
    MutexLock lock(mutex_);
    const auto found = pending_.find(id);
    if (found == pending_.end()) return {};
    Pending taken = std::move(found->second);
    pending_.erase(found);
    return taken;
  }

  // The callback of each alarm, once, whether it expired or was cancelled.
  void Expire(Id id) {
    {
      Pending expired = Take(id);
      if (expired.alarm != nullptr) std::move(expired.task)();
    }
    MutexLock lock(mutex_);
    --callbacks_due_;
    callback_ran_.NotifyAll();
  }

  Mutex mutex_;
  CondVar callback_ran_;
  absl::flat_hash_map<Id, Pending> pending_ ABSL_GUARDED_BY(mutex_);
  size_t callbacks_due_ ABSL_GUARDED_BY(mutex_) = 0;
  Id last_id_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<Timer> MakeAlarmTimer() { return std::make_unique<AlarmTimer>(); }

}  // namespace coppice
