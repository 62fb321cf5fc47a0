// RootReadiness: a connection to one peer, the root of tree 0 as a rule, that is asked how much of
// the job is ready (Inspection.GetReadiness in proto/inspection.proto says what each field means).
//
// Connects when first asked, and again when the connection is lost (OpenPatientChannel in
// rpc/peer_channels.h). Blocks, but not beyond the limits that a call is given, whatever the other
// side does. Does not read the tree file: who is the root is its caller's affair. Thread-safe.
#ifndef COPPICE_DEPLOY_ROOT_READINESS_H_
#define COPPICE_DEPLOY_ROOT_READINESS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "deploy/descriptor_wait.h"
#include "proto/inspection.pb.h"

namespace coppice {

// What to make of a peer that does not listen, not yet or no more.
enum class AbsentPeer {
  // UNAVAILABLE, with the reason of the connection's failure, at once.
  kIsAnError,
  // It is expected: tried again until the limits end the wait. A connection that is lost with the
  // question under way is UNAVAILABLE all the same.
  kIsAwaited,
};

class RootReadiness {
 public:
  // `address`: "HOST:PORT", "[IPv6]:PORT", or the path of a unix socket. Does no I/O yet.
  static std::unique_ptr<RootReadiness> At(const std::string& address);

  virtual ~RootReadiness() = default;

  // The answer, when the peer gives it: with a wait in the request, that may be late. The peer ends
  // its own wait a moment before the deadline of `limits`, and answers. DEADLINE_EXCEEDED when no
  // answer came in time; CANCELLED ("interrupted") as soon as the interrupt descriptor is readable,
  // also before the question is asked; else what the call failed with. All but CANCELLED name the
  // address.
  virtual absl::StatusOr<v1::GetReadinessReply> Ask(const v1::GetReadinessRequest& request,
                                                    const WaitLimits& limits,
                                                    AbsentPeer absent = AbsentPeer::kIsAnError) = 0;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_ROOT_READINESS_H_
