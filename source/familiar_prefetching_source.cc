#include "source/familiar_prefetching_source.h"

#include <sys/stat.h>

#include <atomic>
#include <utility>

#include "source/familiar_names.h"
#include "source/forwarding_source.h"
#include "source/small_file.h"
#include "source/speculation.h"

namespace coppice {
namespace {

class FamiliarPrefetching final : public ForwardingSource<FamiliarPrefetchingSource> {
 public:
  explicit FamiliarPrefetching(Source& base) : ForwardingSource(base), speculation_(base) {}

  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override {
    if (context.speculative || context.hops > 1 || path.IsRoot() || page != DirectoryPage()) {
      base_.ReadDirectory(path, page, context, std::move(done));
      return;
    }
    directories_.Want(path);
    speculation_.ReadDirectoryThen(path, context, std::move(done),
                                   [this, path, context](const ListingRef& listing) {
                                     if (listing != nullptr)
                                       FetchFamiliar(path, *listing, context, kFamiliarLevelsMax);
                                   });
  }

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    if (!context.speculative && context.hops <= 1 && key.index == 0 && !key.path.IsRoot() &&
        key.version.size <= kSmallFileBytes) {
      files_.Want(key.path);
    }
    base_.ReadBlock(key, context, std::move(done));
  }

  LayerStatistics Statistics() const override {
    return {.layer = "familiar_prefetching",
            .counters = {{"prefetched_listings", listings_},
                         {"prefetched_blocks", speculation_.blocks().blocks},
                         {"prefetched_bytes", speculation_.blocks().bytes}}};
  }

 private:
  void FetchFamiliar(const Path& directory, const Listing& listing, const RequestContext& context,
                     size_t levels) {
    if (levels == 0 || listing.entries.size() > kFamiliarListingMax) return;
    // Of a familiar directory, below one that the reader listed, he is going to want the rest, too.
    const bool all_files =
        levels < kFamiliarLevelsMax && SmallFilesFit(listing, kCheapFilesMax, kCheapDirectoryBytes);
    const size_t fetches_max = all_files ? kCheapFilesMax : kFamiliarFetchesMax;
    size_t fetched = 0;
    for (const Dentry& entry : listing.entries) {
      if (!entry.attributes.has_value()) continue;
      const Attributes& attributes = *entry.attributes;
      const bool is_directory = S_ISDIR(attributes.mode);
      const bool is_file = IsSmallFile(entry);
      if (!is_directory && !is_file) continue;
      const bool is_familiar = (is_directory ? directories_ : files_).IsFamiliar(entry.name);
      if (!is_familiar && !(is_file && all_files)) continue;
      const absl::StatusOr<Path> path = directory.Child(entry.name);
      if (!path.ok()) continue;
      if (++fetched > fetches_max) return;
      if (is_file) {
        speculation_.ReadBlock({*path, attributes.version, 0}, context);
        continue;
      }
      List(*path, context, levels - 1);
    }
  }

  void List(const Path& path, const RequestContext& context, size_t levels) {
    listings_.fetch_add(1, std::memory_order_relaxed);
    speculation_.ReadDirectory(
        path, context, [this, path, context, levels](const absl::StatusOr<ListingRef>& listing) {
          if (listing.ok()) FetchFamiliar(path, **listing, context, levels);
        });
  }

  FamiliarNames directories_;  // that were listed
  FamiliarNames files_;        // small ones that were read
  std::atomic<uint64_t> listings_ = 0;
  Speculation speculation_;  // the last: it ends before what its answers need
};

}  // namespace

std::unique_ptr<FamiliarPrefetchingSource> MakeFamiliarPrefetchingSource(Source& base) {
  return std::make_unique<FamiliarPrefetching>(base);
}

}  // namespace coppice
