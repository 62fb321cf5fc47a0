// What one node has cost so far: the FUSE requests of its mounts, the calls and bytes that its peer
// was asked for and asked its parent for, what it read from the backing file system, and what its
// two processes spent. Taken before and after a measurement, the difference stands beside the time.
// Values; thread-compatible.
#ifndef COPPICE_BENCH_NODE_COSTS_H_
#define COPPICE_BENCH_NODE_COSTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "bench/process_costs.h"
#include "bench/report.h"
#include "deploy/descriptor_wait.h"
#include "deploy/inspection_client.h"

namespace coppice {

struct NodeCosts {
  // By the mount that was named: requests by kind ("LOOKUP", ...), and "read_bytes".
  Counters fuse;
  // Of the peer: calls by kind that its client and its children made, and "bytes_sent" to them.
  Counters service;
  // Calls by kind that the peer made to its parent, and "bytes_received" from it.
  Counters parent;
  // What the peer did to the backing file system (docs/operations.md).
  Counters backing;
  ProcessCosts peer;
  ProcessCosts client;
};

// Whom to ask.
struct NodeHandle {
  std::string name;
  std::string socket;
  std::string mount_point;
  pid_t peer_pid = -1;
  pid_t client_pid = -1;
};

// Errors name the node. NOT_FOUND when the mount is not attached to the peer.
absl::StatusOr<NodeCosts> ReadNodeCosts(const NodeHandle& node, const WaitLimits& limits);
// The same of a node without a mount: nothing of FUSE, nor of a client.
absl::StatusOr<NodeCosts> ReadPeerCosts(const NodeHandle& node, const WaitLimits& limits);

// What was spent between the two. Counters that were not there before count from 0; gauges (what
// goes down) count as 0.
NodeCosts CostsBetween(const NodeCosts& before, const NodeCosts& after);
Counters CountersBetween(const Counters& before, const Counters& after);

// Those of the file service, without bytes, errors and what is under way. Of `service` or `parent`.
uint64_t CallsIn(const Counters& counters);
// Messages in which those of them that take a stream travelled, both ways. Of `parent`.
uint64_t MessagesIn(const Counters& counters);
// 0 when there is none of the name.
uint64_t CounterOf(const Counters& counters, const std::string& name);

// FUSE requests by kind as counts of a report, those that came at all; IOCTL too, which the kernel
// forwards whatever is answered.
std::vector<Count> FuseCounts(const Counters& fuse);
// CPU time of the client and of the peer as counts of a report.
std::vector<Count> ProcessorCounts(const NodeCosts& spent);
// All FUSE requests; without IOCTL.
uint64_t FuseRequestsBesideIoctl(const Counters& fuse);

}  // namespace coppice

#endif  // COPPICE_BENCH_NODE_COSTS_H_
