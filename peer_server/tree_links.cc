#include "peer_server/tree_links.h"

#include <utility>

#include "grpcpp/channel.h"

namespace coppice {
namespace {

TreeLink LinkTo(const Neighbour& neighbour) {
  TreeLink link{.neighbour = neighbour, .channels = OpenChannels(neighbour.address)};
  link.inspection = v1::Inspection::NewStub(link.channels.control);
  return link;
}

}  // namespace

TreeLinks::TreeLinks(const TreePlace& place) {
  if (!place.ancestors.empty()) {
    parent_ = std::make_unique<TreeLink>(LinkTo(place.ancestors.front()));
  }
  for (const Neighbour& child : place.children) children_.push_back(LinkTo(child));
}

}  // namespace coppice
