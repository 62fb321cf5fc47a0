// MetadataCache: the memory of MetadataCachingSource. Knows what was answered and when; asks
// nobody.
//
// Invalidation against fills that are under way: a fill takes an Epoch before it asks, and what it
// brings is kept only when no invalidation came in between (an old answer must not arrive after the
// order to forget it).
//
// Thread-safe.
#ifndef COPPICE_SOURCE_METADATA_CACHE_H_
#define COPPICE_SOURCE_METADATA_CACHE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "source/attributes.h"
#include "source/cache_inspection.h"
#include "source/file_system_statistics.h"
#include "source/invalidation.h"
#include "source/listing.h"
#include "source/lru_cache.h"
#include "source/path.h"

namespace coppice {

class MetadataCache {
 public:
  using Epoch = uint64_t;

  explicit MetadataCache(size_t capacity_bytes);

  // A listing, and when its entries were read. Its names may have been confirmed later.
  struct HeldListing {
    ListingRef listing;
    absl::Time read_at;
  };
  struct HeldFileSystem {
    FileSystemStatistics statistics;
    absl::Time read_at;
  };

  // Take it before asking for what will be kept.
  Epoch CurrentEpoch() const { return epoch_.load(std::memory_order_acquire); }

  std::optional<PathState> FindAttributes(const Path& path);
  // Also settles what the listings of that directory are worth: the same version confirms them,
  // another one, or none, drops them.
  void KeepAttributes(const Path& path, const PathState& state, Epoch epoch);

  std::optional<HeldListing> FindListing(const Path& path, const DirectoryPage& page);
  // The same, for who asks by FindListing when it is not there: such a miss counts once.
  std::optional<HeldListing> FindListingAhead(const Path& path, const DirectoryPage& page);
  void KeepListing(const Path& path, const DirectoryPage& page, ListingRef listing, Epoch epoch);
  void DropListing(const Path& path, const DirectoryPage& page);

  std::optional<HeldFileSystem> FindFileSystem(const Path& path);
  void KeepFileSystem(const Path& path, const HeldFileSystem& held, Epoch epoch);

  // The file at the path has this version no more: forgets what says that it has, in attributes
  // and listings, and nothing that was learnt since. (One changed file may be reported by each of
  // thousands of readers, and only the first report is news.)
  void ForgetVersion(const Path& path, const Version& version);
  void Invalidate(const Invalidation& invalidation);

  LruCacheStatistics AttributesStatistics() const { return attributes_.Statistics(); }
  LruCacheStatistics ListingsStatistics() const { return listings_.Statistics(); }
  std::vector<CachedItem> Items(const std::string& prefix) const;

 private:
  struct ListingKey {
    Path path;
    DirectoryPage page;

    friend bool operator==(const ListingKey&, const ListingKey&) = default;
    template <typename H>
    friend H AbslHashValue(H state, const ListingKey& key) {
      return H::combine(std::move(state), key.path, key.page);
    }
  };

  // Finds a ListingKey without a copy of the path.
  struct ListingKeyView {
    const Path& path;
    const DirectoryPage& page;

    friend bool operator==(const ListingKey& key, const ListingKeyView& view) {
      return key.path == view.path && key.page == view.page;
    }
    template <typename H>
    friend H AbslHashValue(H state, const ListingKeyView& view) {
      return H::combine(std::move(state), view.path, view.page);
    }
  };

  void SettleListing(const Path& path, const PathState& state, Epoch epoch);

  std::atomic<Epoch> epoch_ = 0;
  LruCache<Path, PathState> attributes_;
  LruCache<ListingKey, HeldListing> listings_;
  LruCache<Path, HeldFileSystem> file_systems_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_METADATA_CACHE_H_
