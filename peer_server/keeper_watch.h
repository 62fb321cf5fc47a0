// KeeperWatch: the keeper of this node (what started it, and cleans up behind it), while it waits
// for the end, and the wait for it when the end has come.
//
// At most one keeper waits: the last that asked. When the stop has ended all below this peer, it
// calls CleanUp, which answers the keeper; from then on the keeper's next call of Await is held, so
// that its end says that the keeper died.
//
// Thread-safe; never blocks. Each `done` runs once, on any thread, with no lock held.
#ifndef COPPICE_PEER_SERVER_KEEPER_WATCH_H_
#define COPPICE_PEER_SERVER_KEEPER_WATCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "peer_server/gate.h"
#include "proto/membership.pb.h"
#include "rpc/timer.h"

namespace coppice {

class KeeperWatch {
 public:
  using KeeperId = uint64_t;
  using AwaitDone = absl::AnyInvocable<void(absl::StatusOr<v1::AwaitStopReply>) &&>;
  // Empty: nothing of the node is left, or there is no keeper. Else a line that says what is wrong.
  using CleanedDone = absl::AnyInvocable<void(std::string problem) &&>;

  // REQUIRES: the timer outlives this; Close has returned before it is destroyed.
  explicit KeeperWatch(Timer& timer) : timer_(timer) {}

  // A keeper waits for the stop; the one that waited before fails with ABORTED. UNAVAILABLE when
  // the peer is ending.
  KeeperId Await(AwaitDone done);
  // The keeper has died, or has given up: its `done` runs, with CANCELLED, unless it has. To be
  // called, too, when the answer could not be given to it.
  void Leave(KeeperId keeper);
  // The keeper has cleaned up, or could not. FAILED_PRECONDITION before CleanUp has asked it,
  // DEADLINE_EXCEEDED when nobody waits for it any more.
  absl::Status CleanedUp(const std::string& problem);

  bool has_keeper() const;
  // Answers the keeper, and waits for it, at most for `time_left`. At once without a keeper: with a
  // problem when it had one, which has left. Call it once.
  void CleanUp(const std::string& reason, absl::Duration time_left, CleanedDone done);

  // Fails who waits with UNAVAILABLE, and lets nobody wait any more.
  void Close();

 private:
  enum class Stage { kServing, kCleaning, kOver };
  struct Keeper {
    KeeperId id = 0;
    AwaitDone done;
  };

  // Ends the cleaning; false when it is not under way.
  bool Finish(std::string problem);

  Timer& timer_;
  // Of the timer's task.
  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();

  mutable Mutex mutex_;
  Stage stage_ ABSL_GUARDED_BY(mutex_) = Stage::kServing;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  KeeperId last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<Keeper> keeper_ ABSL_GUARDED_BY(mutex_);
  // The last keeper has left, and no other has come.
  bool has_died_ ABSL_GUARDED_BY(mutex_) = false;
  // While it is cleaning: who was told to.
  KeeperId told_ ABSL_GUARDED_BY(mutex_) = 0;
  CleanedDone cleaned_ ABSL_GUARDED_BY(mutex_);
  Timer::Id time_over_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_KEEPER_WATCH_H_
