// Looking inside a running peer: the service of proto/inspection.proto.
#ifndef COPPICE_PEER_SERVER_INSPECTION_SERVICE_H_
#define COPPICE_PEER_SERVER_INSPECTION_SERVICE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/clock.h"
#include "peer_server/readiness_waits.h"
#include "peer_server/tree_invalidator.h"
#include "peer_server/tree_links.h"
#include "peer_server/tree_stopper.h"
#include "rpc/mount_registry.h"
#include "source/cache_inspection.h"
#include "source/layer_statistics.h"
#include "tree_builder/tree_place.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace coppice {

// How long GetStatistics waits for the mounts.
inline constexpr absl::Duration kMountStatisticsTimeout = absl::Seconds(2);

// What the service shows. All outlive it.
struct InspectionSubjects {
  const Inspectable& cache;
  std::function<std::vector<LayerStatistics>()> layers;  // thread-safe
  MountRegistry& mounts;
  const std::vector<TreePlace>& places;  // by tree
  const TreeLinks& links;
  TreeInvalidator& invalidator;
  ReadinessWaits& readiness;
  TreeStopper& stopper;
  const Clock& clock;
  std::string tcp_address;
  std::string unix_socket;
  std::string export_root;
};

// Thread-safe.
std::unique_ptr<grpc::Service> MakeInspectionService(InspectionSubjects subjects);

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_INSPECTION_SERVICE_H_
