#include "peer_server/tree_links.h"

#include <utility>

#include "grpcpp/channel.h"

namespace coppice {
namespace {

TreeLink LinkTo(const Neighbour& neighbour) {
  TreeLink link{.neighbour = neighbour, .channels = OpenChannels(neighbour.address)};
  link.inspection = v1::Inspection::NewStub(link.channels.control);
  link.membership = v1::Membership::NewStub(link.channels.control);
  return link;
}

}  // namespace

TreeLinks::TreeLinks(const std::vector<TreePlace>& places) {
  for (const TreePlace& place : places) {
    Links& links = trees_.emplace_back();
    if (!place.ancestors.empty()) {
      links.parent = std::make_unique<TreeLink>(LinkTo(place.ancestors.front()));
    }
    for (const Neighbour& child : place.children) links.children.push_back(LinkTo(child));
  }
}

}  // namespace coppice
