// PathWatch: whether this peer has its way to the root of each tree, through all peers between.
//
// A root has it. Another peer asks its parent in that tree, who answers when it has it itself
// (Membership.AwaitPath): so the news runs down each tree once, and nobody asks in a loop. Asked
// again now and then, because a way can break.
#ifndef COPPICE_PEER_SERVER_PATH_WATCH_H_
#define COPPICE_PEER_SERVER_PATH_WATCH_H_

#include <algorithm>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "peer_server/gate.h"
#include "peer_server/outgoing_calls.h"
#include "peer_server/tree_links.h"
#include "rpc/timer.h"

namespace coppice {

// How long a parent may let a child wait for its answer.
inline constexpr absl::Duration kPathWaitMax = absl::Seconds(10);
// A way that was there is looked at so often, and may take so long to answer.
inline constexpr absl::Duration kPathCheckPeriod = absl::Seconds(2);
inline constexpr absl::Duration kPathCheckMax = absl::Seconds(3);
// After a failure.
inline constexpr absl::Duration kPathRetryDelay = absl::Milliseconds(200);
// Children that wait here, over all trees.
inline constexpr size_t kPathWaitersMax = 16'384;

// Thread-safe.
class PathWatch {
 public:
  using DoneFn = absl::AnyInvocable<void(absl::Status) &&>;

  // `on_change(all)` says whether the ways of all trees are there; on any thread, no lock held. The
  // last call says what is true.
  // REQUIRES: all outlive this; Close has returned before it is destroyed.
  PathWatch(const TreeLinks& links, OutgoingCalls& calls, Timer& timer, const Clock& clock,
            std::function<void(bool all)> on_change);

  // Call it once.
  void Start();

  // OK when the way is there; UNAVAILABLE after `time_left` or kPathWaitMax without it.
  // REQUIRES: tree < links.tree_count().
  void Await(size_t tree, absl::Duration time_left, DoneFn done);

  // Fails those who wait, and asks no more.
  void Close();

 private:
  struct Waiter {
    size_t tree = 0;
    DoneFn done;
    Timer::Id timer = 0;
  };
  using WaiterRef = std::shared_ptr<Waiter>;

  void Ask(size_t tree);
  void AskLater(size_t tree, absl::Duration delay);
  void SetWay(size_t tree, bool there);
  bool AllThere() {
    MutexLock lock(mutex_);
    return std::all_of(there_.begin(), there_.end(), [](bool one) { return one; });
  }
  void Expire(const WaiterRef& waiter);

  const TreeLinks& links_;
  OutgoingCalls& calls_;
  Timer& timer_;
  const Clock& clock_;
  const std::function<void(bool)> on_change_;
  // Of the timer's tasks.
  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();

  Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<bool> there_ ABSL_GUARDED_BY(mutex_);  // by tree
  std::list<WaiterRef> waiters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_PATH_WATCH_H_
