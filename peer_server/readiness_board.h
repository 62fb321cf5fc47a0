// ReadinessBoard: what a peer knows of the readiness of its subtree in tree 0: its own state, and
// what its children reported of theirs.
//
// A child that has reported and then is silent for kSilenceMax is lost, with all below it, until it
// reports again. One that never reported is merely not ready: it may still come.
//
// Thread-safe; asks and tells nobody. `on_change` runs after each change, on the thread that made
// it, with no lock held.
#ifndef COPPICE_PEER_SERVER_READINESS_BOARD_H_
#define COPPICE_PEER_SERVER_READINESS_BOARD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "peer_server/member_set.h"
#include "peer_server/roster.h"
#include "proto/inspection.pb.h"
#include "proto/membership.pb.h"

namespace coppice {

// A peer reports at least so often.
inline constexpr absl::Duration kReadinessPeriod = absl::Seconds(1);
// Several reports that did not come: a busy node is not a lost one.
inline constexpr absl::Duration kSilenceMax = absl::Seconds(5);
// Problems that one peer tells.
inline constexpr size_t kProblemsMax = 64;

class ReadinessBoard {
 public:
  // `process_id` tells this process from an earlier one of the same member. REQUIRES: `roster` and
  // `clock` outlive this; self < roster.size().
  ReadinessBoard(const Roster& roster, uint32_t self, uint64_t process_id, const Clock& clock);

  // Call it once, before the others.
  void SetOnChange(std::function<void()> on_change) { on_change_ = std::move(on_change); }

  // Of this node.
  void SetConnected(bool connected);
  // Without a mount it is not proven either, nor warm.
  void SetMounted(bool mounted);
  // An empty problem: proven, once it is also connected and mounted.
  void SetProbed(const std::string& problem);
  // What was read from the mount to warm it until now; done, without a problem: warm, once it is
  // also proven.
  void SetWarming(uint64_t bytes, bool done, const std::string& problem);

  // What a child reports; true when it must report all, because its revision is not known here.
  // INVALID_ARGUMENT for a report of who is no child, or of members that are not below it.
  absl::StatusOr<bool> Take(const v1::SubtreeReport& report);
  // Call it now and then: time alone changes nothing else.
  void FindSilentChildren();

  uint64_t revision() const;
  // For the parent, which has taken `taken_revision`.
  v1::SubtreeReport Report(uint64_t taken_revision) const;
  v1::GetReadinessReply Snapshot() const;

  // Whether so many members are in that state, or never will be: `ended` when each other one is
  // lost or has a problem.
  struct Progress {
    bool reached = false;
    bool ended = false;
    uint64_t revision = 0;
  };
  Progress ProgressTo(v1::ReadinessState state, uint32_t members) const;

 private:
  struct Sets {
    MemberSet connected, mounted, proven, warm, lost;
  };
  struct Child {
    MemberSet subtree;
    uint64_t process_id = 0;
    uint64_t revision = 0;  // 0: it never reported
    absl::Time reported_at;
    bool silent = false;
    Sets sets;
    uint64_t warmed_bytes = 0;
    std::vector<v1::MemberProblem> problems;
    uint32_t problems_dropped = 0;
  };
  // The replay of a recording through this node's mount.
  struct Warming {
    uint64_t bytes = 0;
    bool done = false;
    std::string problem;

    bool operator==(const Warming& other) const = default;
  };
  struct Problems {
    std::vector<v1::MemberProblem> shown;
    uint32_t dropped = 0;
  };

  // Runs `change`, and tells of it if it says that something is different.
  void Change(absl::FunctionRef<bool()> change);
  absl::StatusOr<Sets> DecodeSets(const v1::SubtreeReport& report, const MemberSet& within) const;
  Sets AllSets() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t AllWarmedBytes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Problems AllProblems() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  v1::MemberProblem ProblemOf(uint32_t member, const std::string& text) const;

  const Roster& roster_;
  const uint32_t self_;
  const uint64_t process_id_;
  const Clock& clock_;
  const MemberSet subtree_;
  const size_t total_;
  std::function<void()> on_change_ = [] {};

  mutable Mutex mutex_;
  uint64_t revision_ ABSL_GUARDED_BY(mutex_) = 1;
  bool connected_ ABSL_GUARDED_BY(mutex_) = false;
  bool mounted_ ABSL_GUARDED_BY(mutex_) = false;
  bool probed_ ABSL_GUARDED_BY(mutex_) = false;
  std::string problem_ ABSL_GUARDED_BY(mutex_);
  Warming warming_ ABSL_GUARDED_BY(mutex_);
  std::map<uint32_t, Child> children_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_READINESS_BOARD_H_
