// TreeInvalidator: makes a whole tree forget a path.
//
// A request climbs to the root, and the root forgets first: a node that forgot before its parent
// would fetch the old again. Then each node forgets, and when it has, its mounts and its children
// do, side by side. So the longest way is the depth of the tree, and an answer means that all of
// the subtree has forgotten, or names what could not be reached.
//
// With several trees that order must hold in each: what a node knows came by the tree of its key.
// So first the peers, without their mounts, forget along every other tree, each pass from that
// tree's root down; then all forget along tree 0, mounts too, which is the pass that counts nodes.
#ifndef COPPICE_PEER_SERVER_TREE_INVALIDATOR_H_
#define COPPICE_PEER_SERVER_TREE_INVALIDATOR_H_

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "peer_server/tree_links.h"
#include "proto/inspection.pb.h"
#include "rpc/mount_registry.h"
#include "source/invalidation.h"

namespace coppice {

// An invalidation without a deadline of its caller's takes no longer than this.
inline constexpr absl::Duration kInvalidateTimeout = absl::Seconds(30);
// What a peer keeps of its time for itself, so that its answer, with the names of those who did not
// answer, still arrives.
inline constexpr absl::Duration kAnswerMargin = absl::Milliseconds(500);

// Thread-safe; never blocks. `done` runs once, on any thread.
class TreeInvalidator {
 public:
  using DoneFn = absl::AnyInvocable<void(absl::StatusOr<v1::InvalidateReply>) &&>;

  // REQUIRES: all outlive this, and this outlives every `done`.
  TreeInvalidator(Invalidatable& stack, MountRegistry& mounts, const TreeLinks& links,
                  const Clock& clock)
      : stack_(stack), mounts_(mounts), links_(links), clock_(clock) {}

  // EINVAL for a path that cannot be; UNAVAILABLE when the way to the root is broken.
  void Invalidate(const v1::InvalidateRequest& request, absl::Time deadline, DoneFn done);

 private:
  void PassToParent(const v1::InvalidateRequest& request, absl::Time deadline, DoneFn done);
  // Of all trees but tree 0; `done` gets what could not be reached.
  void InvalidateOtherTrees(const v1::InvalidateRequest& request, absl::Time deadline, DoneFn done);
  void InvalidateSubtree(const v1::InvalidateRequest& request, Invalidation invalidation,
                         absl::Time deadline, DoneFn done);

  Invalidatable& stack_;
  MountRegistry& mounts_;
  const TreeLinks& links_;
  const Clock& clock_;
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_TREE_INVALIDATOR_H_
