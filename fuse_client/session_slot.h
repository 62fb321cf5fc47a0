// Where the peer's orders find the session, which is mounted only after the link to the peer
// stands: the link tells the export root, which the session's source may need.
//
// An order that comes before the session goes to the layers alone: no kernel knows anything yet.
// Thread-safe.
#ifndef COPPICE_FUSE_CLIENT_SESSION_SLOT_H_
#define COPPICE_FUSE_CLIENT_SESSION_SLOT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "common/mutex.h"
#include "fuse_client/fuse_session.h"
#include "source/invalidation.h"

namespace coppice {

class SessionSlot {
 public:
  // REQUIRES: the layers outlive the slot.
  explicit SessionSlot(std::vector<Invalidatable*> layers) : layers_(std::move(layers)) {}

  // REQUIRES: the session outlives the last call of the others.
  void Set(FuseSession* session) {
    MutexLock lock(mutex_);
    session_ = session;
  }

  // As FuseSession::Invalidate.
  void Invalidate(const Invalidation& invalidation, absl::AnyInvocable<void() &&> done) const;
  // As FuseSession::Counters; empty before there is a session.
  std::map<std::string, uint64_t> Counters() const;

 private:
  FuseSession* session() const {
    MutexLock lock(mutex_);
    return session_;
  }

  const std::vector<Invalidatable*> layers_;
  mutable Mutex mutex_;
  FuseSession* session_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_SESSION_SLOT_H_
