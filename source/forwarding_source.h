// ForwardingSource: a layer that changes nothing. A layer derives from it and overrides what it is
// for; one that overrides GetAttributes or ReadDirectory, FindAttributes and FindListing too.
//
// `Interface` is Source, or an interface of one layer that derives from it.
// As thread-safe as its base.
#ifndef COPPICE_SOURCE_FORWARDING_SOURCE_H_
#define COPPICE_SOURCE_FORWARDING_SOURCE_H_

#include <optional>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
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
  void FindExtent(const Path& path, const Version& version, uint64_t offset, ExtentKind kind,
                  const RequestContext& context, Done<uint64_t> done) override {
    base_.FindExtent(path, version, offset, kind, context, std::move(done));
  }
  void GetFileSystemStatistics(const Path& path, const RequestContext& context,
                               Done<FileSystemStatistics> done) override {
    base_.GetFileSystemStatistics(path, context, std::move(done));
  }
  std::optional<PathState> FindAttributes(const Path& directory, absl::string_view name,
                                          absl::Duration age_max) override {
    return base_.FindAttributes(directory, name, age_max);
  }
  ListingRef FindListing(const Path& directory) override { return base_.FindListing(directory); }

 protected:
  Source& base_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_FORWARDING_SOURCE_H_
