// The service Membership (proto/membership.proto) over what answers it.
#ifndef COPPICE_PEER_SERVER_MEMBERSHIP_SERVICE_H_
#define COPPICE_PEER_SERVER_MEMBERSHIP_SERVICE_H_

#include <cstddef>
#include <memory>

#include "absl/time/time.h"
#include "common/clock.h"
#include "peer_server/keeper_watch.h"
#include "peer_server/path_watch.h"
#include "peer_server/readiness_board.h"
#include "peer_server/tree_proof.h"
#include "peer_server/tree_stopper.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace coppice {

// What the service hands on to. All outlive it.
struct MembershipParts {
  ReadinessBoard& board;
  PathWatch& paths;
  const TreeProof& proof;
  TreeStopper& stopper;
  KeeperWatch& keeper;
  const Clock& clock;
  size_t tree_count = 1;
  absl::Duration proof_timeout = absl::Seconds(30);
};

// Thread-safe.
std::unique_ptr<grpc::Service> MakeMembershipService(const MembershipParts& parts);

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_MEMBERSHIP_SERVICE_H_
