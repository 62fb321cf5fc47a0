// TreeStopper: ends the job by the tree, and brings its summary back.
//
// A request climbs to the root of tree 0 and goes down from there. Each peer passes it to its
// children and ends its mounts, side by side; when all have answered or the time is over, it
// lets the node's keeper clean up behind it, when there is one, answers with what they said and its
// own counters, and ends itself once that answer is out. So whoever is above still serves while
// those below unmount, and who gets the answer finds the nodes clean.
//
// Thread-safe; never blocks. Each `done` runs once, on any thread.
#ifndef COPPICE_PEER_SERVER_TREE_STOPPER_H_
#define COPPICE_PEER_SERVER_TREE_STOPPER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "peer_server/keeper_watch.h"
#include "peer_server/member_set.h"
#include "peer_server/outgoing_calls.h"
#include "peer_server/roster.h"
#include "peer_server/tree_links.h"
#include "proto/inspection.pb.h"
#include "proto/membership.pb.h"
#include "rpc/mount_registry.h"
#include "source/layer_statistics.h"

namespace coppice {

// What a peer keeps of its time for itself, so that its answer still arrives.
inline constexpr absl::Duration kStopAnswerMargin = absl::Milliseconds(300);
// What it keeps of that for its keeper at most, and at most such a part of it: so a child that does
// not answer, or a mount that stays, leaves the keeper time.
inline constexpr absl::Duration kCleanUpReserve = absl::Seconds(1);
inline constexpr int kCleanUpReservePart = 8;
// For the last counters of the mounts.
inline constexpr absl::Duration kLastStatisticsTimeout = absl::Seconds(1);

struct TreeStopperOptions {
  const Roster& roster;
  uint32_t self = 0;
  // As the peer was given it; empty: it is alone.
  std::string tree_file;
  MountRegistry& mounts;
  KeeperWatch& keeper;
  const TreeLinks& links;
  OutgoingCalls& calls;
  const Clock& clock;
  std::function<std::vector<LayerStatistics>()> layers;  // thread-safe
  // Without an earlier deadline of its caller's a stop takes no longer than this.
  absl::Duration timeout = absl::Seconds(30);
  // All below has ended and every answer is out: this process is to end. Runs once.
  std::function<void()> on_stopped;
};

class TreeStopper {
 public:
  using StopDone = absl::AnyInvocable<void(absl::StatusOr<v1::StopReply>) &&>;
  using SubtreeDone = absl::AnyInvocable<void(v1::StopSubtreeReply) &&>;

  // REQUIRES: what the options refer to outlives this, and this outlives every `done`.
  explicit TreeStopper(TreeStopperOptions options)
      : options_(std::move(options)), started_at_(options_.clock.Now()) {}

  // FAILED_PRECONDITION when a request with this tree file is for another job than this peer's. To
  // be asked before one of the next two.
  absl::Status CheckJob(absl::string_view tree_file) const;

  // All of the job. UNAVAILABLE when the way to the root is broken. AnswerSent must follow `done`.
  void Stop(const v1::StopRequest& request, absl::Time deadline, StopDone done);
  // This peer and all below it. AnswerSent must follow `done`.
  void StopSubtree(const v1::StopSubtreeRequest& request, absl::Time deadline, SubtreeDone done);

  // The answer of one of the above has left, or its caller is gone.
  void AnswerSent();

 private:
  class Sum;

  void PassToParent(const v1::StopRequest& request, absl::Time deadline, StopDone done);
  void Begin(const v1::StopSubtreeRequest& request, absl::Time deadline);
  void StopMounts(const std::shared_ptr<Sum>& sum, absl::Time deadline);
  void StopChild(size_t child, const v1::StopSubtreeRequest& request,
                 const std::shared_ptr<Sum>& sum, absl::Time deadline);
  v1::NodeSummary OwnSummary(const std::vector<MountCounters>& mounts) const;
  void CleanUp(v1::StopSubtreeReply reply, v1::NodeSummary own, const std::string& reason,
               absl::Time deadline);
  void Ended(v1::StopSubtreeReply reply);
  v1::StopReply ReplyOf(const v1::StopSubtreeReply& subtree) const;

  const TreeStopperOptions options_;
  const absl::Time started_at_;

  Mutex mutex_;
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool told_ ABSL_GUARDED_BY(mutex_) = false;
  size_t answers_owed_ ABSL_GUARDED_BY(mutex_) = 0;
  v1::StopSubtreeReply result_ ABSL_GUARDED_BY(mutex_);  // once ended_
  std::vector<SubtreeDone> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_TREE_STOPPER_H_
