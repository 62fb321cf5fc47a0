#include "peer_server/tree_links.h"

#include <utility>

#include "absl/time/time.h"
#include "grpcpp/channel.h"

namespace coppice {
namespace {

// For a child to take a connection. One that refuses it, or that the network knows to be gone, is
// not waited for.
constexpr absl::Duration kChildConnectMax = absl::Seconds(3);

TreeLink LinkOver(const Neighbour& neighbour, PeerChannels channels) {
  TreeLink link{.neighbour = neighbour, .channels = std::move(channels)};
  link.inspection = v1::Inspection::NewStub(link.channels.control);
  link.membership = v1::Membership::NewStub(link.channels.control);
  return link;
}

TreeLink LinkToParent(const Neighbour& parent) {
  return LinkOver(parent, OpenChannels(parent.address));
}

// Connects when there is something to be told, as a stop, which is said once: a child that is busy
// with its work is not a lost one.
TreeLink LinkToChild(const Neighbour& child) {
  const auto channel = OpenPatientChannel(child.address, kChildConnectMax);
  return LinkOver(child, {.control = channel, .bulk = channel});
}

}  // namespace

TreeLinks::TreeLinks(const std::vector<TreePlace>& places) {
  for (const TreePlace& place : places) {
    Links& links = trees_.emplace_back();
    if (!place.ancestors.empty()) {
      links.parent = std::make_unique<TreeLink>(LinkToParent(place.ancestors.front()));
    }
    for (const Neighbour& child : place.children) links.children.push_back(LinkToChild(child));
  }
}

}  // namespace coppice
