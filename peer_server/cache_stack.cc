#include "peer_server/cache_stack.h"

#include <iterator>
#include <utility>

#include "source/block_caching_source.h"
#include "source/familiar_prefetching_source.h"
#include "source/library_prefetching_source.h"
#include "source/metadata_caching_source.h"
#include "source/metered_source.h"
#include "source/pacing_source.h"
#include "source/prefetching_source.h"
#include "source/promoting_source.h"
#include "source/sibling_prefetching_source.h"
#include "source/single_flight_source.h"

namespace coppice {
namespace {

class Stack final : public CacheStack {
 public:
  Stack(Source& below, const CacheStackOptions& options, const Clock& clock,
        BlockPublisher* publisher)
      : metadata_(MakeMetadataCachingSource(below,
                                            {.capacity_bytes = options.metadata_bytes,
                                             .negative_ttl = options.negative_ttl,
                                             .metadata_ttl = options.metadata_ttl},
                                            clock)),
        blocks_(MakeBlockCachingSource(*metadata_, options.cache_bytes, clock, publisher)),
        flight_(MakeSingleFlightSource(*blocks_, options.negative_ttl, clock)),
        pacing_(MakePacingSource(*flight_, PacingWindowBytes())),
        promoting_(MakePromotingSource(*pacing_, options.negative_ttl, clock)),
        siblings_(MakeSiblingPrefetchingSource(*promoting_)),
        prefetching_(MakePrefetchingSource(*siblings_)),
        libraries_(MakeLibraryPrefetchingSource(*prefetching_)),
        familiar_(MakeFamiliarPrefetchingSource(*libraries_)),
        metered_(MakeMeteredSource(*familiar_, "metered")) {}

  Source& top() override { return *metered_; }

  std::vector<LayerStatistics> Statistics() const override {
    return {metered_->Statistics(),     familiar_->Statistics(), libraries_->Statistics(),
            prefetching_->Statistics(), siblings_->Statistics(), promoting_->Statistics(),
            pacing_->Statistics(),      flight_->Statistics(),   blocks_->Statistics(),
            metadata_->Statistics()};
  }

  std::vector<CachedItem> Items(const std::string& prefix) const override {
    std::vector<CachedItem> items = metadata_->Items(prefix);
    std::vector<CachedItem> blocks = blocks_->Items(prefix);
    items.insert(items.end(), std::make_move_iterator(blocks.begin()),
                 std::make_move_iterator(blocks.end()));
    return items;
  }

  void Invalidate(const Invalidation& invalidation) override {
    // The cache first: a flight that starts after it has forgotten brings the new, so that after
    // the second step nobody can join one that brings the old.
    metadata_->Invalidate(invalidation);
    flight_->Invalidate(invalidation);
  }

 private:
  const std::unique_ptr<MetadataCachingSource> metadata_;
  const std::unique_ptr<BlockCachingSource> blocks_;
  const std::unique_ptr<SingleFlightSource> flight_;
  const std::unique_ptr<PacingSource> pacing_;
  const std::unique_ptr<PromotingSource> promoting_;
  const std::unique_ptr<SiblingPrefetchingSource> siblings_;
  const std::unique_ptr<PrefetchingSource> prefetching_;
  const std::unique_ptr<LibraryPrefetchingSource> libraries_;
  const std::unique_ptr<FamiliarPrefetchingSource> familiar_;
  const std::unique_ptr<MeteredSource> metered_;
};

}  // namespace

std::unique_ptr<CacheStack> AssembleStack(Source& below, const CacheStackOptions& options,
                                          const Clock& clock, BlockPublisher* publisher) {
  return std::make_unique<Stack>(below, options, clock, publisher);
}

}  // namespace coppice
