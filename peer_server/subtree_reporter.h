// SubtreeReporter: tells the parent in tree 0 what the board says, when it changes and at least
// every kReadinessPeriod; and lets the board look for silent children as often.
//
// One report is under way at a time, and the next comes kReportGap after it, so that what changes
// meanwhile goes up together.
#ifndef COPPICE_PEER_SERVER_SUBTREE_REPORTER_H_
#define COPPICE_PEER_SERVER_SUBTREE_REPORTER_H_

#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "peer_server/gate.h"
#include "peer_server/outgoing_calls.h"
#include "peer_server/readiness_board.h"
#include "peer_server/tree_links.h"
#include "rpc/timer.h"

namespace coppice {

inline constexpr absl::Duration kReportGap = absl::Milliseconds(20);
// For one report. Below kSilenceMax: the next may still be in time.
inline constexpr absl::Duration kReportTimeout = absl::Seconds(2);

// Thread-safe.
class SubtreeReporter {
 public:
  // `parent` is null at the root. REQUIRES: all outlive this; Close has returned before it is
  // destroyed.
  SubtreeReporter(ReadinessBoard& board, const TreeLink* parent, OutgoingCalls& calls, Timer& timer,
                  const Clock& clock)
      : board_(board), parent_(parent), calls_(calls), timer_(timer), clock_(clock) {}

  // Call it once.
  void Start();
  // The board has changed.
  void Changed() { Pump(); }
  void Close() { gate_->CloseAndWait(); }

 private:
  void Tick();
  // Sends a report if it is due and none is under way.
  void Pump();
  void Send(uint64_t taken_revision);
  // `taken_revision`: what the parent knows now.
  void Sent(uint64_t taken_revision);

  ReadinessBoard& board_;
  const TreeLink* const parent_;
  OutgoingCalls& calls_;
  Timer& timer_;
  const Clock& clock_;
  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();

  Mutex mutex_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;  // under way, or in the gap behind it
  uint64_t taken_revision_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time sent_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_SUBTREE_REPORTER_H_
