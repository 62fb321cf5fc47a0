#include "source/by_tree_source.h"

#include <utility>

#include "source/block.h"

namespace coppice {
namespace {

class ByTree final : public Source {
 public:
  ByTree(std::vector<Source*> by_tree, TreePlacement placement)
      : by_tree_(std::move(by_tree)), placement_(std::move(placement)) {}

  void GetAttributes(const Path& path, const RequestContext& context,
                     Done<PathState> done) override {
    OfName(path).GetAttributes(path, context, std::move(done));
  }

  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override {
    by_tree_[placement_.of_directory(path)]->ReadDirectory(path, page, context, std::move(done));
  }

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    OfBlock(key.path, key.index).ReadBlock(key, context, std::move(done));
  }

  void FindExtent(const Path& path, const Version& version, uint64_t offset, ExtentKind kind,
                  const RequestContext& context, Done<uint64_t> done) override {
    OfBlock(path, offset / kBlockBytes)
        .FindExtent(path, version, offset, kind, context, std::move(done));
  }

  void GetFileSystemStatistics(const Path& path, const RequestContext& context,
                               Done<FileSystemStatistics> done) override {
    OfName(path).GetFileSystemStatistics(path, context, std::move(done));
  }

 private:
  // The export root is a name in no directory that we know, and goes with its own names.
  Source& OfName(const Path& path) const {
    return *by_tree_[placement_.of_directory(path.IsRoot() ? path : path.Parent())];
  }

  Source& OfBlock(const Path& path, uint64_t index) const {
    return *by_tree_[placement_.of_blocks(path, index / kBlocksOfGroup)];
  }

  const std::vector<Source*> by_tree_;
  const TreePlacement placement_;
};

}  // namespace

std::unique_ptr<Source> MakeByTreeSource(std::vector<Source*> by_tree, TreePlacement placement) {
  return std::make_unique<ByTree>(std::move(by_tree), std::move(placement));
}

}  // namespace coppice
