// Asks a peer that the whole job ends, by the tree (Inspection.Stop in proto/inspection.proto).
// Blocks, at most to the deadline. Thread-safe.
#ifndef COPPICE_DEPLOY_TREE_STOP_H_
#define COPPICE_DEPLOY_TREE_STOP_H_

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/inspection.pb.h"

namespace coppice {

// Who ended, with what each had done, and who did not. `address`: of the root as a rule, as
// RootReadiness::At takes it. UNAVAILABLE at once when nobody listens there, FAILED_PRECONDITION
// when a peer of another job than that of the tree file does; every error names the address.
absl::StatusOr<v1::StopReply> StopByTree(const std::string& address, const v1::StopRequest& request,
                                         absl::Time deadline);

// The names of the nodes of which nothing is left.
absl::flat_hash_set<std::string> NodesEnded(const v1::StopReply& stopped);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_TREE_STOP_H_
