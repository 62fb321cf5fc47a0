#include "source/block_caching_source.h"

#include <atomic>
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
    if (const auto held = cache_.Lookup(key); held.has_value()) {
      if (!context.speculative) (*held)->was_read = true;
      std::move(done)((*held)->block);
      return;
    }
    base_.ReadBlock(key, context,
                    [this, key, demanded = !context.speculative,
                     done = std::move(done)](absl::StatusOr<BlockRef> block) mutable {
                      if (block.ok()) Keep(key, *block, demanded);
                      std::move(done)(std::move(block));
                    });
  }

  LayerStatistics Statistics() const override {
    LayerStatistics statistics = {.layer = "block_cache",
                                  .counters = CountersOf(cache_.Statistics())};
    uint64_t& unread = statistics.counters["unread_bytes"];
    cache_.ForEach([&unread](const BlockKey&, const HeldRef& held, size_t, uint64_t) {
      TakeReadMark(*held);
      if (!held->was_read) unread += held->block->size();
    });
    return statistics;
  }

  std::vector<CachedItem> Items(const std::string& prefix) const override {
    std::map<std::pair<std::string, uint64_t>, CachedItem> files;
    cache_.ForEach([&](const BlockKey& key, const HeldRef& held, size_t charge, uint64_t hits) {
      if (!absl::StartsWith(key.path.text(), prefix)) return;
      CachedItem& item = files[{key.path.text(), key.version.id}];
      if (item.blocks_held == 0 || held->cached_at < item.since) item.since = held->cached_at;
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
    std::unique_ptr<PublishedBlock> published;  // null: not on show
    std::atomic<bool> was_read = false;         // by somebody who waited for it
  };
  using HeldRef = std::shared_ptr<Held>;

  // Who reads a block where it is on show does not pass here, but leaves a mark.
  static bool TakeReadMark(Held& held) {
    if (held.published == nullptr || !held.published->TakeReadMark()) return false;
    held.was_read = true;
    return true;
  }

  void Keep(const BlockKey& key, const BlockRef& block, bool demanded) {
    const size_t charge = block->size() + key.path.text().size() + kEntryOverheadBytes;
    auto held = std::make_shared<Held>();
    held->block = block;
    held->cached_at = clock_.Now();
    held->was_read = demanded;
    if (publisher_ != nullptr) held->published = publisher_->Publish(key, block);
    cache_.Insert(
        key, std::move(held), charge, [] { return true; },
        [](const HeldRef& victim) { return TakeReadMark(*victim); });
  }

  const Clock& clock_;
  BlockPublisher* const publisher_;
  LruCache<BlockKey, HeldRef> cache_;
};

}  // namespace

std::unique_ptr<BlockCachingSource> MakeBlockCachingSource(Source& base, size_t capacity_bytes,
                                                           const Clock& clock,
                                                           BlockPublisher* publisher) {
  return std::make_unique<BlockCaching>(base, capacity_bytes, clock, publisher);
}

}  // namespace coppice
