#include "source/metadata_cache.h"

#include <memory>

#include "absl/strings/match.h"

namespace coppice {
namespace {

// Names that were looked up one by one are many and small; listings few and large, up to some MiB.
constexpr size_t kAttributesShare = 4;  // a quarter of the capacity
constexpr size_t kAttributesShardBytesMin = size_t{64} << 10;
constexpr size_t kListingsShardBytesMin = size_t{16} << 20;
constexpr size_t kFileSystemsBytes = size_t{64} << 10;
// List node, index slot, the state itself.
constexpr size_t kEntryOverheadBytes = 96;

size_t ChargeOf(const Path& path, const PathState& state) {
  size_t bytes = path.text().size() + sizeof(PathState) + kEntryOverheadBytes;
  if (state.attributes.has_value()) bytes += state.attributes->link_target.size();
  return bytes;
}

}  // namespace

MetadataCache::MetadataCache(size_t capacity_bytes)
    : attributes_(capacity_bytes / kAttributesShare, kAttributesShardBytesMin),
      listings_(capacity_bytes - capacity_bytes / kAttributesShare, kListingsShardBytesMin),
      file_systems_(kFileSystemsBytes, kFileSystemsBytes) {}

std::optional<PathState> MetadataCache::FindAttributes(const Path& path) {
  return attributes_.Lookup(path);
}

void MetadataCache::KeepAttributes(const Path& path, const PathState& state, Epoch epoch) {
  attributes_.Insert(path, state, ChargeOf(path, state),
                     [this, epoch] { return CurrentEpoch() == epoch; });
  SettleListing(path, state, epoch);
}

void MetadataCache::SettleListing(const Path& path, const PathState& state, Epoch epoch) {
  const auto held = listings_.LookupBy(ListingKeyView{path, DirectoryPage()});
  if (!held.has_value()) return;
  const Listing& listing = *held->listing;
  if (!state.attributes.has_value() || state.attributes->version != listing.directory.version) {
    DropListing(path, {});
    return;
  }
  if (state.confirmed_at <= listing.confirmed_at) return;
  auto confirmed = std::make_shared<Listing>(listing);
  confirmed->confirmed_at = state.confirmed_at;
  const size_t charge = listing.ChargeBytes() + path.text().size() + kEntryOverheadBytes;
  listings_.Insert({path, {}}, {std::move(confirmed), held->read_at}, charge,
                   [this, epoch] { return CurrentEpoch() == epoch; });
}

std::optional<MetadataCache::HeldListing> MetadataCache::FindListing(const Path& path,
                                                                     const DirectoryPage& page) {
  return listings_.LookupBy(ListingKeyView{path, page});
}

std::optional<MetadataCache::HeldListing> MetadataCache::FindListingAhead(
    const Path& path, const DirectoryPage& page) {
  return listings_.LookupBy(ListingKeyView{path, page}, /*count_miss=*/false);
}

void MetadataCache::KeepListing(const Path& path, const DirectoryPage& page, ListingRef listing,
                                Epoch epoch) {
  const size_t charge = listing->ChargeBytes() + path.text().size() + kEntryOverheadBytes;
  const absl::Time read_at = listing->confirmed_at;
  listings_.Insert({path, page}, {std::move(listing), read_at}, charge,
                   [this, epoch] { return CurrentEpoch() == epoch; });
}

void MetadataCache::DropListing(const Path& path, const DirectoryPage& page) {
  listings_.Erase({path, page});
}

std::optional<MetadataCache::HeldFileSystem> MetadataCache::FindFileSystem(const Path& path) {
  return file_systems_.Lookup(path);
}

void MetadataCache::KeepFileSystem(const Path& path, const HeldFileSystem& held, Epoch epoch) {
  file_systems_.Insert(path, held, path.text().size() + sizeof(held) + kEntryOverheadBytes,
                       [this, epoch] { return CurrentEpoch() == epoch; });
}

void MetadataCache::ForgetVersion(const Path& path, const Version& version) {
  const auto is_of_version = [&version](const std::optional<Attributes>& attributes) {
    return attributes.has_value() && attributes->version == version;
  };
  if (const auto held = attributes_.Lookup(path); held && is_of_version(held->attributes)) {
    attributes_.Erase(path);
  }
  if (path.IsRoot()) return;
  // The name is in one page of each cut of the directory.
  const uint64_t cookie = CookieOf(path.Name());
  for (uint32_t bits = 0; bits <= kPageBitsMax; ++bits) {
    const ListingKey key{path.Parent(), PageOf(cookie, bits)};
    const auto held = listings_.Lookup(key);
    if (!held.has_value()) continue;
    const Dentry* const entry = held->listing->Find(path.Name());
    if (entry != nullptr && is_of_version(entry->attributes)) listings_.Erase(key);
  }
}

void MetadataCache::Invalidate(const Invalidation& invalidation) {
  // First the epoch: a fill that passes its check after this sees the new one; a fill that passed
  // before is erased by what follows.
  epoch_.fetch_add(1, std::memory_order_acq_rel);
  attributes_.EraseIf([&](const Path& path) { return invalidation.Covers(path); });
  listings_.EraseIf([&](const ListingKey& key) { return invalidation.Covers(key.path); });
  file_systems_.EraseIf([&](const Path& path) { return invalidation.Covers(path); });
}

std::vector<CachedItem> MetadataCache::Items(const std::string& prefix) const {
  std::vector<CachedItem> items;
  attributes_.ForEach([&](const Path& path, const PathState& state, size_t charge, uint64_t hits) {
    if (!absl::StartsWith(path.text(), prefix)) return;
    CachedItem item{.path = path.text(), .kind = CachedItem::Kind::kMissing};
    if (state.attributes.has_value()) {
      item.kind = CachedItem::Kind::kAttributes;
      item.version_id = state.attributes->version.id;
      item.file_size = state.attributes->size;
    }
    item.bytes = charge;
    item.since = state.confirmed_at;
    item.hits = hits;
    items.push_back(std::move(item));
  });
  listings_.ForEach(
      [&](const ListingKey& key, const HeldListing& held, size_t charge, uint64_t hits) {
        if (!absl::StartsWith(key.path.text(), prefix)) return;
        items.push_back({.path = key.path.text(),
                         .kind = CachedItem::Kind::kListing,
                         .version_id = held.listing->directory.version.id + key.page.index,
                         .entries = held.listing->entries.size(),
                         .bytes = charge,
                         .since = held.listing->confirmed_at,
                         .hits = hits});
      });
  return items;
}

}  // namespace coppice
