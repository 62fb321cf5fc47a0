// OutgoingCalls: the calls that a peer has under way to its neighbours, so that they can be ended
// with it.
//
// Thread-safe. `done` of each call runs once, on any thread, with no lock held; before CloseAndWait
// returns.
#ifndef COPPICE_PEER_SERVER_OUTGOING_CALLS_H_
#define COPPICE_PEER_SERVER_OUTGOING_CALLS_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace coppice {

struct OutgoingCallOptions {
  absl::Time deadline;
  // False: it fails at once while the neighbour refuses connections.
  bool wait_for_ready = true;
};

class OutgoingCalls {
 public:
  // Makes the call by start(context, request, reply, done), as the asynchronous stubs have them.
  template <typename Request, typename Reply, typename Start>
  void Call(const Request& request, const OutgoingCallOptions& options, Start start,
            absl::AnyInvocable<void(const grpc::Status&, Reply&) &&> done) {
    auto made = std::make_unique<TypedCall<Request, Reply>>();
    made->request = request;
    made->done = std::move(done);
    made->context.set_deadline(absl::ToChronoTime(options.deadline));
    made->context.set_wait_for_ready(options.wait_for_ready);
    TypedCall<Request, Reply>* const call = made.get();
    if (!Add(std::move(made))) return;
    start(&call->context, &call->request, &call->reply, [this, call](const grpc::Status& status) {
      std::move(call->done)(status, call->reply);
      Remove(call);
    });
  }

  // Cancels what is under way, waits until it has ended, and lets nothing start any more: what is
  // started then fails with CANCELLED. May be called again.
  void CloseAndWait() {
    MutexLock lock(mutex_);
    closed_ = true;
    // It neither waits nor calls back.
    for (auto& [call, owned] : calls_) call->context.TryCancel();
    while (count_ > 0) none_.Wait(mutex_);
  }

 private:
  struct AnyCall {
    virtual ~AnyCall() = default;
    // Fails it before it was started.
    virtual void Refuse() = 0;
    grpc::ClientContext context;
  };
  template <typename Request, typename Reply>
  struct TypedCall final : AnyCall {
    void Refuse() override {
      std::move(done)(grpc::Status(grpc::StatusCode::CANCELLED, "the peer is ending"), reply);
    }
    Request request;
    Reply reply;
    absl::AnyInvocable<void(const grpc::Status&, Reply&) &&> done;
  };

  bool Add(std::unique_ptr<AnyCall> call) {
    {
      MutexLock lock(mutex_);
      if (!closed_) {
        ++count_;
        AnyCall* const key = call.get();
        calls_.emplace(key, std::move(call));
        return true;
      }
    }
    call->Refuse();
    return false;
  }

  void Remove(AnyCall* call) {
    std::unique_ptr<AnyCall> ended;
    {
      MutexLock lock(mutex_);
      ended = std::move(calls_.extract(call).mapped());
    }
    // It holds the channel, of which a thread of gRPC's must not be left with the last reference:
    // so it goes before the wait ends.
    ended.reset();
    MutexLock lock(mutex_);
    if (--count_ == 0) none_.NotifyAll();
  }

  Mutex mutex_;
  CondVar none_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  size_t count_ ABSL_GUARDED_BY(mutex_) = 0;  // in calls_, and being destroyed
  absl::flat_hash_map<AnyCall*, std::unique_ptr<AnyCall>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_OUTGOING_CALLS_H_
