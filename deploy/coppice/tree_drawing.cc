#include "deploy/coppice/tree_drawing.h"

#include <deque>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace coppice {
namespace {

struct DrawnNode {
  PeerNeighbour who;
  uint32_t depth = 0;
};

// Of the tree; in an answer that knows of fewer trees, of none.
std::vector<PeerNeighbour> ChildrenOf(const PeerPlace* place, uint32_t tree) {
  if (place == nullptr || tree >= place->trees.size()) return {};
  return place->trees[tree].children;
}

}  // namespace

TreeDrawing::TreeDrawing(PeerPlace start, TreeDrawingOptions options)
    : start_(std::move(start)), options_(std::move(options)) {
  answers_.emplace(start_.node, start_);
}

const PeerPlace* TreeDrawing::Ask(const PeerNeighbour& node) {
  auto known = answers_.find(node.node);
  if (known == answers_.end()) {
    known = answers_.emplace(node.node, options_.ask(node.address)).first;
    if (!known->second.ok()) ++silent_;
  }
  return known->second.ok() ? &*known->second : nullptr;
}

void TreeDrawing::Draw(uint32_t tree) {
  const std::vector<PeerNeighbour>& ancestors = start_.trees[tree].ancestors;
  std::deque<DrawnNode> open = {
      {ancestors.empty() ? PeerNeighbour{start_.node, start_.tcp_address, ""} : ancestors.back()}};
  // Nobody above it keeps a channel to it.
  open.front().who.channel.clear();
  for (size_t drawn = 0; !open.empty() && drawn < kDrawnNodesMax; ++drawn) {
    const DrawnNode node = std::move(open.front());
    open.pop_front();
    const PeerPlace* const place = Ask(node.who);
    const std::string state = place != nullptr ? node.who.channel : "does not answer";
    options_.print(absl::StrCat(std::string(size_t{2} * node.depth, ' '), node.who.node, "  ",
                                node.who.address, state.empty() ? "" : "  ", state));
    if (node.depth == options_.depth_max) continue;
    const std::vector<PeerNeighbour> children = ChildrenOf(place, tree);
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      open.push_front({*child, node.depth + 1});
    }
  }
}

}  // namespace coppice
