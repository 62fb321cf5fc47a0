// The connections of a peer to its neighbours in each tree. What goes to every member once
// (invalidation, readiness, the end) goes along tree 0.
#ifndef COPPICE_PEER_SERVER_TREE_LINKS_H_
#define COPPICE_PEER_SERVER_TREE_LINKS_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "proto/inspection.grpc.pb.h"
#include "proto/membership.grpc.pb.h"
#include "rpc/peer_channels.h"
#include "tree_builder/tree_place.h"

namespace coppice {

// One neighbour in one tree. Connects when first used.
struct TreeLink {
  Neighbour neighbour;
  PeerChannels channels;
  std::unique_ptr<v1::Inspection::Stub> inspection;
  std::unique_ptr<v1::Membership::Stub> membership;
};

// Const members are thread-safe.
class TreeLinks {
 public:
  // By tree. REQUIRES: not empty.
  explicit TreeLinks(const std::vector<TreePlace>& places);

  size_t tree_count() const { return trees_.size(); }

  // Both: REQUIRES tree < tree_count().
  // nullptr at the root.
  const TreeLink* parent(size_t tree = 0) const { return trees_[tree].parent.get(); }
  const std::vector<TreeLink>& children(size_t tree = 0) const { return trees_[tree].children; }

 private:
  struct Links {
    std::unique_ptr<TreeLink> parent;
    std::vector<TreeLink> children;
  };

  std::vector<Links> trees_;
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_TREE_LINKS_H_
