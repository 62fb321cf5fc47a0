// What the stack of a node stands on: for each tree its parent there, with requests repeated while
// it is away, or the backing file system where the node is the root. All trees of which it is the
// root share one opening of that. With more than one tree, requests go by their key
// (source/by_tree_source.h).
#ifndef COPPICE_PEER_SERVER_TREE_SOURCES_H_
#define COPPICE_PEER_SERVER_TREE_SOURCES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "peer_server/tree_links.h"
#include "rpc/timer.h"
#include "source/block_allocator.h"
#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// Thread-safe.
class TreeSources {
 public:
  virtual ~TreeSources() = default;

  virtual Source& source() = 0;
  // "retrying" and "parent" for one tree; "retrying_3" and "parent_3" for tree 3 of several;
  // "backing" at a root.
  virtual std::vector<LayerStatistics> Statistics() const = 0;
};

struct TreeSourcesOptions {
  std::string export_root;
  size_t backing_threads = 16;
  absl::Duration hop_timeout = absl::Seconds(30);
};

// The errno of the export root, at a root. REQUIRES: all but the options outlive the result.
absl::StatusOr<std::unique_ptr<TreeSources>> OpenTreeSources(const TreeLinks& links,
                                                             const TreeSourcesOptions& options,
                                                             BlockAllocator& allocator,
                                                             Timer& timer, const Clock& clock);

}  // namespace coppice

#endif  // COPPICE_PEER_SERVER_TREE_SOURCES_H_
