#include "peer_server/tree_sources.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "rpc/peer_source.h"
#include "rpc/retrying_source.h"
#include "source/by_tree_source.h"
#include "source/posix_source.h"
#include "tree_builder/tree_of_key.h"

namespace coppice {
namespace {

struct Parent {
  std::unique_ptr<PeerSource> peer;
  std::unique_ptr<RetryingSource> retrying;
  std::string suffix;  // of the names of its layers
};

class Sources final : public TreeSources {
 public:
  absl::Status Open(const TreeLinks& links, const TreeSourcesOptions& options,
                    BlockAllocator& allocator, Timer& timer, const Clock& clock) {
    std::vector<Source*> by_tree;
    const size_t trees = links.tree_count();
    for (size_t tree = 0; tree < trees; ++tree) {
      const TreeLink* link = links.parent(tree);
      if (link == nullptr) {
        if (absl::Status opened = OpenBacking(options, allocator, clock); !opened.ok()) {
          return opened;
        }
        by_tree.push_back(posix_.get());
        continue;
      }
      Parent parent{.suffix = trees == 1 ? "" : absl::StrCat("_", tree)};
      parent.peer = MakePeerSource(link->channels,
                                   {.peer = link->neighbour.name,
                                    .layer = absl::StrCat("parent", parent.suffix),
                                    .hop_timeout = options.hop_timeout},
                                   allocator, clock);
      parent.retrying = MakeRetryingSource(*parent.peer, {}, timer, clock);
      by_tree.push_back(parent.retrying.get());
      parents_.push_back(std::move(parent));
    }
    top_ = by_tree[0];
    if (trees > 1) {
      routing_ = MakeByTreeSource(std::move(by_tree), PlacementOver(static_cast<uint32_t>(trees)));
      top_ = routing_.get();
    }
    return absl::OkStatus();
  }

  Source& source() override { return *top_; }

  std::vector<LayerStatistics> Statistics() const override {
    std::vector<LayerStatistics> layers;
    for (const Parent& parent : parents_) {
      layers.push_back(parent.retrying->Statistics());
      layers.back().layer += parent.suffix;
      layers.push_back(parent.peer->Statistics());
    }
    if (posix_ != nullptr) layers.push_back(posix_->Statistics());
    return layers;
  }

 private:
  absl::Status OpenBacking(const TreeSourcesOptions& options, BlockAllocator& allocator,
                           const Clock& clock) {
    if (posix_ != nullptr) return absl::OkStatus();
    auto posix = OpenPosixSource({.export_root = options.export_root,
                                  .thread_count = options.backing_threads,
                                  .allocator = allocator,
                                  .clock = clock});
    if (!posix.ok()) return Annotate(posix.status(), "the export root (--export_root)");
    posix_ = *std::move(posix);
    return absl::OkStatus();
  }

  static TreePlacement PlacementOver(uint32_t trees) {
    return {
        .of_directory =
            [trees](const Path& directory) { return TreeOfDirectory(directory.text(), trees); },
        .of_blocks = [trees](const Path& file,
                             uint64_t group) { return TreeOfBlock(file.text(), group, trees); }};
  }

  std::unique_ptr<PosixSource> posix_;
  std::vector<Parent> parents_;
  std::unique_ptr<Source> routing_;
  Source* top_ = nullptr;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TreeSources>> OpenTreeSources(const TreeLinks& links,
                                                             const TreeSourcesOptions& options,
                                                             BlockAllocator& allocator,
                                                             Timer& timer, const Clock& clock) {
  auto sources = std::make_unique<Sources>();
  if (absl::Status opened = sources->Open(links, options, allocator, timer, clock); !opened.ok()) {
    return opened;
  }
  return sources;
}

}  // namespace coppice
