// Draws the trees of a running service as text: each node below its parent, with its address and
// the state of the channel that the parent keeps to it. The peers themselves are asked, each once,
// whatever the number of trees, since an answer has a peer's place in all of them.
//
// Not the drawing of a tree file that nobody runs yet (tree_builder --format). Knows no network and
// prints nothing: both are given to it. Not thread-safe.
#ifndef COPPICE_DEPLOY_COPPICE_TREE_DRAWING_H_
#define COPPICE_DEPLOY_COPPICE_TREE_DRAWING_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "deploy/inspection_client.h"

namespace coppice {

// More of a tree is not drawn.
inline constexpr size_t kDrawnNodesMax = 100'000;

struct TreeDrawingOptions {
  // 0: only the root.
  uint32_t depth_max = UINT32_MAX;
  // Asks the peer at an address; blocks. Required.
  std::function<absl::StatusOr<PeerPlace>(const std::string& address)> ask;
  // Is given one line after the other, without its end, as soon as it is known. Required.
  std::function<void(absl::string_view line)> print;
};

class TreeDrawing {
 public:
  // `start`: the answer of any peer, who knows the roots of all trees.
  TreeDrawing(PeerPlace start, TreeDrawingOptions options);

  // Depth first, as it is read. REQUIRES: tree < start.trees.size(). A root that does not answer is
  // drawn alone.
  void Draw(uint32_t tree);

  // Peers that were asked and did not answer.
  size_t silent() const { return silent_; }

 private:
  // None: it does not answer.
  const PeerPlace* Ask(const PeerNeighbour& node);

  const PeerPlace start_;
  const TreeDrawingOptions options_;
  // By name.
  std::map<std::string, absl::StatusOr<PeerPlace>> answers_;
  size_t silent_ = 0;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_COPPICE_TREE_DRAWING_H_
