// One stream of Peer.Attach on the client's side: says hello, hands on the orders that come, one at
// a time, and sends reports. Made by MountLink, one after the other.
//
// Thread-safe. Keeps itself alive until gRPC is done with it.
#ifndef COPPICE_RPC_MOUNT_STREAM_H_
#define COPPICE_RPC_MOUNT_STREAM_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "common/mutex.h"
#include "proto/peer.grpc.pb.h"
#include "proto/peer.pb.h"

namespace coppice {

class MountStream final : public grpc::ClientBidiReactor<v1::MountReport, v1::MountOrder> {
 public:
  // Reports that the peer has not taken. A peer that takes none while it sends orders is given up.
  static constexpr size_t kReportsQueuedMax = 1024;

  // Who the stream works for; must outlive the Ended.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void Ordered(const v1::MountOrder& order, std::shared_ptr<MountStream> stream) = 0;
    // Comes once, after every Ordered.
    virtual void Ended(const absl::Status& status) = 0;
  };

  explicit MountStream(Owner& owner) : owner_(owner) {}

  // Call once. `self` is this stream.
  void Start(v1::Peer::Stub& stub, v1::MountReport hello, std::shared_ptr<MountStream> self);

  // Dropped when the stream has ended: the peer no longer waits for it.
  void Send(v1::MountReport report);

  // Ends the stream soon. Also before Start.
  void Cancel();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  // Writes what is next or, when the stream is closing and nothing is being written, lets it end.
  void Pump();

  Owner& owner_;
  v1::MountOrder incoming_;  // of the read that is always on its way

  Mutex mutex_;
  std::shared_ptr<MountStream> self_ ABSL_GUARDED_BY(mutex_);
  // Gone before Ended runs: it refers to the channel, and a thread of gRPC's must not be left with
  // the last reference to that.
  std::optional<grpc::ClientContext> context_ ABSL_GUARDED_BY(mutex_){std::in_place};
  std::deque<v1::MountReport> outgoing_ ABSL_GUARDED_BY(mutex_);
  v1::MountReport writing_now_;  // gRPC's while writing_
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool held_ ABSL_GUARDED_BY(mutex_) = true;
};

}  // namespace coppice

#endif  // COPPICE_RPC_MOUNT_STREAM_H_
