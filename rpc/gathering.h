// Waits for the answers of several parties, for a bounded time, without a thread.
//
// Each party answers at most once that counts; what comes after the end is dropped. Ends when all
// have answered or the timer ran out, and then calls `done` once with all the answers; a party that
// was silent has none. Thread-safe; `done` runs with no lock held.
#ifndef COPPICE_RPC_GATHERING_H_
#define COPPICE_RPC_GATHERING_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "rpc/timer.h"

namespace coppice {

template <typename Answer>
class Gathering {
 public:
  using Answers = std::vector<std::optional<Answer>>;
  using Done = absl::AnyInvocable<void(Answers) &&>;

  // REQUIRES: parties > 0. The timer must outlive the gathering, which lives until it has ended.
  static std::shared_ptr<Gathering> Start(size_t parties, absl::Duration timeout, Timer& timer,
                                          Done done) {
    auto gathering = std::make_shared<Gathering>(parties, timer, std::move(done));
    const Timer::Id timeout_id =
        timer.RunAfter(timeout, [gathering] { gathering->End(/*expired=*/true); });
    MutexLock lock(gathering->mutex_);
    gathering->timeout_id_ = timeout_id;
    return gathering;
  }

  // For Start alone.
  Gathering(size_t parties, Timer& timer, Done done)
      : timer_(timer), done_(std::move(done)), answers_(parties), missing_(parties) {}

  // REQUIRES: party < parties.
  void Answered(size_t party, Answer answer) {
    {
      MutexLock lock(mutex_);
      if (ended_ || answers_[party].has_value()) return;
      answers_[party] = std::move(answer);
      if (--missing_ > 0) return;
    }
    End(/*expired=*/false);
  }

 private:
  void End(bool expired) {
    Done done;
    Answers answers;
    Timer::Id timeout_id = 0;
    {
      MutexLock lock(mutex_);
      if (ended_) return;
      ended_ = true;
      done = std::move(done_);
      answers = std::move(answers_);
      timeout_id = timeout_id_;
    }
    if (!expired) timer_.Cancel(timeout_id);
    std::move(done)(std::move(answers));
  }

  Timer& timer_;
  Mutex mutex_;
  Done done_ ABSL_GUARDED_BY(mutex_);
  Answers answers_ ABSL_GUARDED_BY(mutex_);
  size_t missing_ ABSL_GUARDED_BY(mutex_);
  Timer::Id timeout_id_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace coppice

#endif  // COPPICE_RPC_GATHERING_H_
