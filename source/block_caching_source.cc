#include "source/block_caching_source.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "source/forwarding_source.h"
#include "source/lru_cache.h"
#include "source/lru_cache_statistics.h"

namespace coppice {
namespace {

// So that a shard holds at least 16 whole blocks.
constexpr size_t kShardBytesMin = 16 * kBlockBytes;
// What an entry costs besides its bytes and its path: list node, index slot, Block, control blocks.
constexpr size_t kEntryOverheadBytes = 256;

class BlockCaching final : public ForwardingSource<BlockCachingSource> {
 public:
  BlockCaching(Source& base, size_t capacity_bytes, const Clock& clock, BlockPublisher* publisher)
      : ForwardingSource(base),
        clock_(clock),
        publisher_(publisher),
        cache_(capacity_bytes, kShardBytesMin) {}

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    if (auto held = cache_.Lookup(key); held.has_value()) {
      std::move(done)(std::move(held->block));
      return;
    }
    base_.ReadBlock(key, context,
                    [this, key, done = std::move(done)](absl::StatusOr<BlockRef> block) mutable {
                      if (block.ok()) Keep(key, *block);
                      std::move(done)(std::move(block));
                    });
  }

  LayerStatistics Statistics() const override {
    return {.layer = "block_cache", .counters = CountersOf(cache_.Statistics())};
  }

  std::vector<CachedItem> Items(const std::string& prefix) const override {
    std::map<std::pair<std::string, uint64_t>, CachedItem> files;
    cache_.ForEach([&](const BlockKey& key, const Held& held, size_t charge, uint64_t hits) {
      if (!absl::StartsWith(key.path.text(), prefix)) return;
      CachedItem& item = files[{key.path.text(), key.version.id}];
      if (item.blocks_held == 0 || held.cached_at < item.since) item.since = held.cached_at;
      item.path = key.path.text();
      item.kind = CachedItem::Kind::kBlocks;
      item.version_id = key.version.id;
      item.file_size = key.version.size;
      item.blocks_total = BlockCount(key.version.size);
      ++item.blocks_held;
      item.bytes += charge;
      item.hits += hits;
    });
    std::vector<CachedItem> items;
    items.reserve(files.size());
    for (auto& [key, item] : files) items.push_back(std::move(item));
    return items;
  }

 private:
  struct Held {
    BlockRef block;
    absl::Time cached_at;
    std::shared_ptr<PublishedBlock> published;  // null: not on show
  };

  void Keep(const BlockKey& key, const BlockRef& block) {
    const size_t charge = block->size() + key.path.text().size() + kEntryOverheadBytes;
    std::shared_ptr<PublishedBlock> published;
    if (publisher_ != nullptr) published = publisher_->Publish(key, block);
    // Who reads a block where it is on show does not pass here: what was read there is no victim.
    cache_.Insert(
        key, {block, clock_.Now(), std::move(published)}, charge, [] { return true; },
        [](const Held& held) {
          return held.published != nullptr && held.published->TakeReadMark();
        });
  }

  const Clock& clock_;
  BlockPublisher* const publisher_;
  LruCache<BlockKey, Held> cache_;
};

}  // namespace

std::unique_ptr<BlockCachingSource> MakeBlockCachingSource(Source& base, size_t capacity_bytes,
                                                           const Clock& clock,
                                                           BlockPublisher* publisher) {
  return std::make_unique<BlockCaching>(base, capacity_bytes, clock, publisher);
}

}  // namespace coppice
