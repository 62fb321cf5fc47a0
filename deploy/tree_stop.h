// Asks a peer that the whole job ends, by the tree (Inspection.Stop in proto/inspection.proto).
// It is said once, so the peer is given the time to take the connection (OpenPatientChannel in
// rpc/peer_channels.h). Blocks, at most to the deadline. Thread-safe.
#ifndef COPPICE_DEPLOY_TREE_STOP_H_
#define COPPICE_DEPLOY_TREE_STOP_H_

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/inspection.pb.h"

namespace coppice {

// For the peer to take the connection, all of its addresses together: one that is busy with its
// work is not a lost one. TCP asks again after a second, and after two more. A host that drops what
// is sent to it costs a stop as much, before launching tools are used.
inline constexpr absl::Duration kStopConnectMax = absl::Seconds(5);

// Who ended, with what each had done, and who did not. `address`: of the root as a rule, as
// RootReadiness::At takes it. UNAVAILABLE at once when nobody listens there, and after
// `connect_max` when who does has not taken the connection; FAILED_PRECONDITION when a peer of
// another job than that of the tree file does; every error names the address.
absl::StatusOr<v1::StopReply> StopByTree(const std::string& address, const v1::StopRequest& request,
                                         absl::Time deadline,
                                         absl::Duration connect_max = kStopConnectMax);

// The names of the nodes of which nothing is left.
absl::flat_hash_set<std::string> NodesEnded(const v1::StopReply& stopped);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_TREE_STOP_H_
