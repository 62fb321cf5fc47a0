// What a node's keeper tells the node's peer about the mount (ReportProbe and ReportWarming in
// proto/membership.proto): what makes the node count as proven, and as warm, in
// Inspection.GetReadiness, at its peer and at all above it in tree 0.
//
// `socket` is the peer's unix socket. Each call blocks, at most to the deadline. Thread-safe.
#ifndef COPPICE_DEPLOY_PROBE_REPORT_H_
#define COPPICE_DEPLOY_PROBE_REPORT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace coppice {

// The mount was read. OK when the peer has also had an answer from the root of each of its trees;
// else why not.
absl::Status ReportMountRead(const std::string& socket, absl::Time deadline);

// What is wrong with this node; told in one line. It becomes a problem of the node, so that nobody
// waits for it to be proven. REQUIRES: `problem` is not empty.
absl::Status ReportProblem(const std::string& socket, const std::string& problem,
                           absl::Time deadline);

// How far a recording was replayed through the mount: `bytes` were read until now; `done`: all of
// it. A problem that is not empty says why it could not be: it becomes a problem of the node.
absl::Status ReportWarming(const std::string& socket, uint64_t bytes, bool done,
                           const std::string& problem, absl::Time deadline);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_PROBE_REPORT_H_
