// The stream that a client keeps open to its peer: the client's side of Peer.Attach
// (proto/peer.proto).
//
// It brings orders (forget a path, report your counters) and takes the answers back. When it
// breaks, it is opened again, from `backoff_min` to `backoff_max` later, for ever. Orders may have
// been missed meanwhile: after each Welcome but the first, on_reconnected runs, and the client must
// forget all it knows, its kernel included.
//
// Callbacks run on threads of gRPC, one at a time for one link, and must not block or destroy the
// link.
//
// Thread-safe.
#ifndef COPPICE_RPC_MOUNT_LINK_H_
#define COPPICE_RPC_MOUNT_LINK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/timer.h"
#include "source/invalidation.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace coppice {

struct MountLinkOptions {
  std::string mount_point;
  int32_t pid = 0;
  absl::Duration backoff_min = absl::Milliseconds(50);
  absl::Duration backoff_max = absl::Seconds(1);
};

struct Welcome {
  std::string export_root;  // absolute
  std::string node;
};

struct MountLinkCallbacks {
  // Runs with each Welcome. May be null, as on_reconnected.
  absl::AnyInvocable<void(const Welcome&)> on_welcome;
  // `done` is to be called once, from any thread, also after the link is gone: the kernel has
  // forgotten.
  absl::AnyInvocable<void(const Invalidation&, absl::AnyInvocable<void() &&> done)> on_invalidate;
  absl::AnyInvocable<std::map<std::string, uint64_t>()> on_statistics;
  // Runs after on_welcome.
  absl::AnyInvocable<void()> on_reconnected;
  // The client is to unmount and to end; the link goes last, because its end says that the mount is
  // gone. Null: such an order is answered as not carried out.
  absl::AnyInvocable<void()> on_stop;
};

class MountLink {
 public:
  // Ends the stream and waits until no callback runs or will run.
  virtual ~MountLink() = default;

  // Blocks until the peer has said its first Welcome; the latest one. DEADLINE_EXCEEDED after
  // `timeout`, with the reason why there is no stream.
  virtual absl::StatusOr<Welcome> WaitForWelcome(absl::Duration timeout) = 0;

  // Tells the peer that the file system is mounted, now and after each reconnection.
  virtual void ReportMounted() = 0;
};

// Starts to connect and returns. The timer must outlive the link.
std::unique_ptr<MountLink> StartMountLink(std::shared_ptr<grpc::Channel> channel,
                                          MountLinkOptions options, MountLinkCallbacks callbacks,
                                          Timer& timer);

}  // namespace coppice

#endif  // COPPICE_RPC_MOUNT_LINK_H_
