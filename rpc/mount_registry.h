// The mounts attached to this peer: the peer's side of Peer.Attach (proto/peer.proto).
//
// A client whose stream ended is gone from here: it unmounted, or comes back and then forgets
// everything of its own accord (mount_link.h), so nothing is owed to it.
//
// Thread-safe. Nothing blocks; callbacks run on any thread, with no lock held, exactly once.
#ifndef COPPICE_RPC_MOUNT_REGISTRY_H_
#define COPPICE_RPC_MOUNT_REGISTRY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "rpc/timer.h"
#include "source/invalidation.h"

namespace grpc {
template <class Request, class Response>
class ServerBidiReactor;
}  // namespace grpc

namespace coppice {

namespace v1 {
class MountOrder;
class MountReport;
}  // namespace v1

struct MountRegistryOptions {
  // What a client is told when it attaches.
  std::string export_root = "/";
  std::string node;
  // Attaching beyond it is RESOURCE_EXHAUSTED.
  size_t mounts_max = 16;
  // Orders that one mount has not answered. A mount with so many fails the next at once.
  size_t orders_pending_max = 256;
  // Runs after a mount has attached, has mounted, or is gone; with no lock held, and not after the
  // registry's end. It must not block.
  std::function<void()> on_change = [] {};
};

struct StopOutcome {
  uint32_t mounts = 0;  // that are gone
  // A line for each mount that is still there, with its mount point.
  std::vector<std::string> failures;
};

struct InvalidateOutcome {
  uint32_t mounts = 0;  // whose kernel has forgotten
  // A line for each mount that did not say so in time, with its mount point and the reason.
  std::vector<std::string> failures;
};

// Of one mount, as its client counted. (v1::MountStatistics is the message.)
struct MountCounters {
  std::string mount_point;
  int32_t pid = 0;
  std::map<std::string, uint64_t> counters;
};

class MountRegistry {
 public:
  // REQUIRES: the server has been shut down.
  virtual ~MountRegistry() = default;

  // Makes every mount attached now forget. A mount that goes away meanwhile has nothing left to
  // forget and is in neither list.
  virtual void Invalidate(const Invalidation& invalidation, absl::Duration timeout,
                          absl::AnyInvocable<void(InvalidateOutcome) &&> done) = 0;

  // Asks every mount for its counters; one that does not answer in time is left out.
  virtual void CollectStatistics(absl::Duration timeout,
                                 absl::AnyInvocable<void(std::vector<MountCounters>) &&> done) = 0;

  // Tells every mount attached now to unmount and end, and waits until each is gone.
  virtual void Stop(absl::Duration timeout, absl::AnyInvocable<void(StopOutcome) &&> done) = 0;

  // Mounts that are attached, their hello said.
  virtual size_t size() const = 0;
  // Those of them whose file system is mounted.
  virtual size_t mounted() const = 0;

  // Ends every stream with UNAVAILABLE, and takes no more. Call it before the server's Shutdown,
  // which would wait for these streams for the whole of its grace.
  virtual void Close() = 0;

  // For PeerService alone: the reactor of a new stream, which deletes itself.
  virtual grpc::ServerBidiReactor<v1::MountReport, v1::MountOrder>* Attach() = 0;
};

// The timer must outlive the registry.
std::unique_ptr<MountRegistry> MakeMountRegistry(MountRegistryOptions options, Timer& timer);

}  // namespace coppice

#endif  // COPPICE_RPC_MOUNT_REGISTRY_H_
