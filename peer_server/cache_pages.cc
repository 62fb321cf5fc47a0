#include "peer_server/cache_pages.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace coppice {
namespace {

bool Precedes(const CachedItem& a, const CachedItem& b) { return a.Order(b) < 0; }

v1::CacheEntry Encode(const CachedItem& item, absl::Time now) {
  v1::CacheEntry entry;
  entry.set_path(item.path);
  entry.set_kind(static_cast<v1::CacheKind>(item.kind));
  entry.set_version_id(item.version_id);
  entry.set_file_size(item.file_size);
  entry.set_blocks_held(item.blocks_held);
  entry.set_blocks_total(item.blocks_total);
  entry.set_entries(item.entries);
  entry.set_bytes(item.bytes);
  entry.set_age_seconds(absl::ToDoubleSeconds(now - item.since));
  entry.set_hits(item.hits);
  return entry;
}

// A token is the CacheEntry it stands behind, with its three ordering fields.
std::string TokenAfter(const CachedItem& item) {
  v1::CacheEntry place;
  place.set_path(item.path);
  place.set_kind(static_cast<v1::CacheKind>(item.kind));
  place.set_version_id(item.version_id);
  return place.SerializeAsString();
}

absl::StatusOr<CachedItem> PlaceOf(const std::string& token) {
  v1::CacheEntry place;
  if (!place.ParseFromString(token) || place.kind() == v1::CACHE_KIND_UNSPECIFIED) {
    return absl::InvalidArgumentError("page_token is not one that ListCache gave");
  }
  return CachedItem{.path = place.path(),
                    .kind = static_cast<CachedItem::Kind>(place.kind()),
                    .version_id = place.version_id()};
}

}  // namespace

absl::StatusOr<v1::ListCacheReply> CachePage(const Inspectable& cache,
                                             const v1::ListCacheRequest& request, absl::Time now) {
  std::vector<CachedItem> items = cache.Items(request.path_prefix());
  if (!request.page_token().empty()) {
    const absl::StatusOr<CachedItem> place = PlaceOf(request.page_token());
    if (!place.ok()) return place.status();
    std::erase_if(items, [&place](const CachedItem& item) { return item.Order(*place) <= 0; });
  }
  const size_t asked = request.page_size() == 0 ? kPageSizeDefault : request.page_size();
  const size_t count = std::min({asked, kPageSizeMax, items.size()});
  std::partial_sort(items.begin(), items.begin() + static_cast<ptrdiff_t>(count), items.end(),
                    Precedes);
  v1::ListCacheReply reply;
  for (size_t i = 0; i < count; ++i) *reply.add_entries() = Encode(items[i], now);
  if (count < items.size()) reply.set_next_page_token(TokenAfter(items[count - 1]));
  return reply;
}

}  // namespace coppice
