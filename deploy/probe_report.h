// Tells a node's peer whether the node's mount could be read (Membership.ReportProbe in
// proto/membership.proto): what makes the node count as proven in Inspection.GetReadiness, at it
// and at all above it in tree 0. Blocks, at most to the deadline. Thread-safe.
#ifndef COPPICE_DEPLOY_PROBE_REPORT_H_
#define COPPICE_DEPLOY_PROBE_REPORT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace coppice {

// The mount was read. OK when the peer has also had an answer from the root of each of its trees;
// else why not. `socket` is the peer's unix socket.
absl::Status ReportMountRead(const std::string& socket, absl::Time deadline);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_PROBE_REPORT_H_
