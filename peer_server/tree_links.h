// The connections of a peer to the others of its tree, for control: inspection and invalidation.
#ifndef COPPICE_PEER_SERVER_TREE_LINKS_H_
#define COPPICE_PEER_SERVER_TREE_LINKS_H_

#include <memory>
#include <string>
#include <vector>

#include "proto/inspection.grpc.pb.h"
#include "rpc/peer_channels.h"
#include "tree_builder/tree_place.h"

namespace coppice {

// One neighbour. Connects when first used.
struct TreeLink {
  Neighbour neighbour;
  PeerChannels channels;
  std::unique_ptr<v1::Inspection::Stub> inspection;
};

// Const members are thread-safe.
class TreeLinks {
 public:
  explicit TreeLinks(const TreePlace& place);

  // nullptr at the root.
  const TreeLink* parent() const { return parent_.get(); }
  const std::vector<TreeLink>& children() const { return children_; }

 private:
  std::unique_ptr<TreeLink> parent_;
  std::vector<TreeLink> children_;
};

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_TREE_LINKS_H_
