// How the keeper of a node learns that the job ends: a call to the node's own peer that the peer
// answers when a stop by the tree has ended all below it and its mounts (Membership.AwaitStop in
// proto/membership.proto), or that fails when the peer is gone.
//
// Waits on gRPC's threads. The connection stays while the socket's directory is removed, so that
// what was cleaned up can be told by it. Thread-safe, but for the destructor.
#ifndef COPPICE_DEPLOY_STOP_NOTICE_H_
#define COPPICE_DEPLOY_STOP_NOTICE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace coppice {

class StopNotice {
 public:
  // Ends the call, if it is under way: the peer then knows of no keeper.
  virtual ~StopNotice() = default;

  // Becomes readable when the call has ended, and stays so: for poll(2) and WaitReadable
  // (descriptor_wait.h). Owned by this; nothing is to be read from it.
  virtual int descriptor() const = 0;

  // REQUIRES of the next three: the descriptor is readable.
  // OK: the job was stopped by the tree, and this node is to be cleaned up; then ReportCleanedUp
  // must follow. Else why the call ended: UNAVAILABLE when the peer is ending or gone (a SIGTERM to
  // it, a crash), ABORTED when another keeper has taken this one's place.
  virtual absl::Status outcome() const = 0;
  // That the stop gave; empty without a stop.
  virtual std::string reason() const = 0;
  // Until the peer answers without waiting for us; zero without a stop, and when it is over.
  virtual absl::Duration time_left() const = 0;

  // Nothing of the node is left but its peer (an empty problem), or what is, and why: a line that
  // becomes a failure of the stop. The peer then answers, and ends. Blocks until it has taken it,
  // at most to the deadline. FAILED_PRECONDITION unless outcome() is OK; DEADLINE_EXCEEDED when the
  // peer has answered without waiting any longer.
  virtual absl::Status ReportCleanedUp(const std::string& problem, absl::Time deadline) = 0;
};

// The call is under way when this returns, or has failed, which outcome() tells. `socket` is the
// peer's unix socket. An error is that of eventfd(2).
absl::StatusOr<std::unique_ptr<StopNotice>> OpenStopNotice(const std::string& socket);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_STOP_NOTICE_H_
