// ForwardingSource: a layer that changes nothing. A layer derives from it and overrides what it is
// for.
//
// `Interface` is Source, or an interface of one layer that derives from it.
// As thread-safe as its base.
#ifndef COPPICE_SOURCE_FORWARDING_SOURCE_H_
#define COPPICE_SOURCE_FORWARDING_SOURCE_H_

#include <utility>

#include "source/source.h"

namespace coppice {

template <typename Interface = Source>
class ForwardingSource : public Interface {
 public:
  // REQUIRES: `base` outlives this.
  explicit ForwardingSource(Source& base) : base_(base) {}

  void GetAttributes(const Path& path, const RequestContext& context,
                     Done<PathState> done) override {
    base_.GetAttributes(path, context, std::move(done));
  }
  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override {
    base_.ReadDirectory(path, page, context, std::move(done));
  }
  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    base_.ReadBlock(key, context, std::move(done));
  }
  void GetFileSystemStatistics(const Path& path, const RequestContext& context,
                               Done<FileSystemStatistics> done) override {
    base_.GetFileSystemStatistics(path, context, std::move(done));
  }

 protected:
  Source& base_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_FORWARDING_SOURCE_H_
