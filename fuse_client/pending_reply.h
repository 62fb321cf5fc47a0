// One request of the kernel that waits for its one answer.
//
// The first of {answer, interrupt} wins; what comes later is dropped. When neither ever comes (a
// callback was destroyed without being run) the destructor answers EIO: a request is never answered
// twice, and never left open.
//
// The rules of libfuse behind it (lib/fuse_lowlevel.c): a request is freed with its answer, so
// nothing may touch it afterwards; the interrupt function runs with the request's lock held, which
// fuse_req_interrupt_func takes as well. So the interrupt function must not answer while it is
// being set, and an answer first takes the function away, which waits for one that is running.
//
// Thread-safe.
#ifndef COPPICE_FUSE_CLIENT_PENDING_REPLY_H_
#define COPPICE_FUSE_CLIENT_PENDING_REPLY_H_

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/in_flight.h"

struct fuse_req;

namespace coppice {

// Whether an interrupt of this thread's request is to be obeyed.
using InterruptPolicy = std::function<bool(pid_t)>;

class PendingReply {
 public:
  // REQUIRES: `in_flight` and `policy` outlive the last reference and the session's loop.
  static std::shared_ptr<PendingReply> Start(fuse_req* request, InFlight& in_flight,
                                             const InterruptPolicy& policy);
  ~PendingReply();
  PendingReply(const PendingReply&) = delete;
  PendingReply& operator=(const PendingReply&) = delete;

  // Answers by `reply`, which must call one of fuse_reply_* and return its result. False when it
  // was too late or the kernel did not take the answer: then the kernel counts no lookup.
  bool Answer(absl::FunctionRef<int(fuse_req*)> reply);
  // Answers with the errno of the status. REQUIRES: !status.ok().
  void Fail(const absl::Status& status);
  void Fail(int error_number);

 private:
  enum class State { kArming, kInterruptedWhileArming, kPending, kAnswered };

  PendingReply(fuse_req* request, InFlight& in_flight, const InterruptPolicy& policy);
  static void OnInterrupt(fuse_req* request, void* self);
  void Arm();

  fuse_req* const request_;
  InFlight& in_flight_;
  const InterruptPolicy& policy_;
  std::atomic<State> state_ = State::kArming;
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_PENDING_REPLY_H_
