// Asks a peer that the whole job ends, by the tree (Inspection.Stop in proto/inspection.proto).
// Blocks, at most to the deadline. Thread-safe.
#ifndef COPPICE_DEPLOY_TREE_STOP_H_
#define COPPICE_DEPLOY_TREE_STOP_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/inspection.pb.h"

namespace coppice {

// Who ended, with what each had done, and who did not. `address`: of the root as a rule, as
// RootReadiness::At takes it. `reason` is for the logs of the nodes. UNAVAILABLE at once when
// nobody listens there; every error names the address.
absl::StatusOr<v1::StopReply> StopByTree(const std::string& address, const std::string& reason,
                                         absl::Time deadline);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_TREE_STOP_H_
