// What one node did in the job, for the job's summary (proto/inspection.proto): the counters of its
// layers and mounts, added up. Pure functions.
#ifndef COPPICE_PEER_SERVER_NODE_SUMMARY_H_
#define COPPICE_PEER_SERVER_NODE_SUMMARY_H_

#include <vector>

#include "proto/inspection.pb.h"
#include "rpc/mount_registry.h"
#include "source/layer_statistics.h"

namespace coppice {

// Without member, node and up_seconds.
v1::NodeSummary SummaryOf(const std::vector<LayerStatistics>& layers,
                          const std::vector<MountCounters>& mounts);

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_NODE_SUMMARY_H_
