// One stream of Peer.Attach on the peer's side: sends orders to one client, in order, and matches
// its reports with them. Made by MountRegistry.
//
// Thread-safe. Keeps itself alive until gRPC is done with it. Callbacks run with no lock held.
#ifndef COPPICE_RPC_ATTACHED_MOUNT_H_
#define COPPICE_RPC_ATTACHED_MOUNT_H_

#include <grpcpp/support/server_callback.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "common/mutex.h"
#include "proto/peer.pb.h"

namespace coppice {

class AttachedMount final : public grpc::ServerBidiReactor<v1::MountReport, v1::MountOrder> {
 public:
  // How an order ended.
  struct Answer {
    enum class Kind {
      kReport,   // with the client's report
      kGone,     // the stream ended first
      kTooMany,  // it was not sent: too many orders wait for this client
    };
    Kind kind = Kind::kGone;
    v1::MountReport report;
  };
  using OnAnswer = absl::AnyInvocable<void(Answer) &&>;

  // What the stream tells its owner, each at most once and in this order.
  class Owner {
   public:
    virtual ~Owner() = default;
    // The client said hello.
    virtual void Attached(AttachedMount& mount) = 0;
    // Its file system is mounted.
    virtual void Mounted(AttachedMount& mount) = 0;
    // The stream ended, whether or not it was attached.
    virtual void Detached(AttachedMount& mount) = 0;
  };

  // `welcome` is sent after Attached.
  static std::shared_ptr<AttachedMount> Start(Owner& owner, v1::MountOrder welcome,
                                              size_t orders_pending_max);

  // Sends the order under the next number; `on_answer` runs once.
  void Send(v1::MountOrder order, OnAnswer on_answer);

  // Ends the stream.
  void Close(const absl::Status& status);

  // As in the hello; of no value before Attached.
  const std::string& mount_point() const { return hello_.mount_point(); }
  int32_t pid() const { return hello_.pid(); }

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override;

 private:
  AttachedMount(Owner& owner, v1::MountOrder welcome, size_t orders_pending_max);

  void HandleHello();
  void HandleReport();
  // Writes what is next or, when the stream is to end and nothing is being written, finishes it.
  void Pump();

  Owner& owner_;
  const size_t orders_pending_max_;

  v1::MountReport incoming_;  // of the read that is always on its way
  v1::MountReport::Hello hello_;
  // Only reads, which come one after the other, touch these.
  bool greeted_ = false;
  bool mounted_ = false;

  Mutex mutex_;
  std::shared_ptr<AttachedMount> self_ ABSL_GUARDED_BY(mutex_);
  std::deque<v1::MountOrder> outgoing_ ABSL_GUARDED_BY(mutex_);
  v1::MountOrder writing_now_;  // gRPC's while writing_
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status closing_status_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_order_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, OnAnswer> pending_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_RPC_ATTACHED_MOUNT_H_
