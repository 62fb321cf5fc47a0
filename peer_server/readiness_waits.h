// ReadinessWaits: answers GetReadiness, at once or when what its caller waits for is true or its
// time is over. No thread waits.
#ifndef COPPICE_PEER_SERVER_READINESS_WAITS_H_
#define COPPICE_PEER_SERVER_READINESS_WAITS_H_

#include <cstddef>
#include <list>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "peer_server/readiness_board.h"
#include "proto/inspection.pb.h"
#include "rpc/timer.h"

namespace coppice {

inline constexpr absl::Duration kReadinessWaitMax = absl::Minutes(10);
// Callers that wait at one peer.
inline constexpr size_t kReadinessWaitsMax = 256;

// Thread-safe. `done` runs once, on any thread, with no lock held.
class ReadinessWaits {
 public:
  using DoneFn = absl::AnyInvocable<void(absl::StatusOr<v1::GetReadinessReply>) &&>;

  // REQUIRES: both outlive this; Close has returned before it is destroyed.
  ReadinessWaits(const ReadinessBoard& board, Timer& timer) : board_(board), timer_(timer) {}

  // Waits for at most `time_left`, whatever the request says. RESOURCE_EXHAUSTED for one waiter too
  // many.
  void Ask(const v1::GetReadinessRequest& request, absl::Duration time_left, DoneFn done);

  // The board has changed.
  void Changed();

  // Answers those who wait with what there is, and lets nobody wait any more.
  void Close();

 private:
  struct Wait {
    v1::GetReadinessRequest request;
    DoneFn done;
    Timer::Id timer = 0;
  };
  using Waits = std::list<std::shared_ptr<Wait>>;

  bool IsOver(const v1::GetReadinessRequest& request) const;
  void Answer(const v1::GetReadinessRequest& request, DoneFn done) const;
  // Answers it unless that was done.
  void Expire(const std::shared_ptr<Wait>& wait);

  const ReadinessBoard& board_;
  Timer& timer_;

  Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  Waits waits_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_READINESS_WAITS_H_
