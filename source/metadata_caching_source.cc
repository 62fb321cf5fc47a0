#include "source/metadata_caching_source.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source/lru_cache_statistics.h"
#include "source/metadata_cache.h"
#include "source/stale_block.h"

namespace coppice {
namespace {

class MetadataCaching final : public MetadataCachingSource {
 public:
  MetadataCaching(Source& base, const MetadataCachingOptions& options, const Clock& clock)
      : base_(base), options_(options), clock_(clock), cache_(options.capacity_bytes) {}

  void GetAttributes(const Path& path, const RequestContext& context,
                     Done<PathState> done) override {
    if (auto state = cache_.FindAttributes(path); state.has_value() && IsFresh(*state, context)) {
      std::move(done)(*std::move(state));
      return;
    }
    AskAttributes(path, context, std::move(done));
  }

  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override {
    const auto held = cache_.FindListing(path, page);
    if (context.cached_only) {
      std::move(done)(held.has_value() ? absl::StatusOr<ListingRef>(held->listing)
                                       : absl::NotFoundError("the listing is not cached"));
      return;
    }
    if (!held.has_value() || !EntriesAreFresh(*held)) {
      AskListing(path, page, context, std::move(done));
    } else if (NamesAreFresh(*held->listing, context)) {
      std::move(done)(held->listing);
    } else {
      Revalidate(path, page, held->listing->directory.version, context, std::move(done));
    }
  }

  ListingRef FindListing(const Path& directory) override {
    const auto held = cache_.FindListingAhead(directory, {});
    return held.has_value() && EntriesAreFresh(*held) ? held->listing : nullptr;
  }

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    base_.ReadBlock(key, context,
                    [this, path = key.path, version = key.version,
                     done = std::move(done)](absl::StatusOr<BlockRef> block) mutable {
                      ForgetIfGone(path, version, block.status());
                      std::move(done)(std::move(block));
                    });
  }

  void FindExtent(const Path& path, const Version& version, uint64_t offset, ExtentKind kind,
                  const RequestContext& context, Done<uint64_t> done) override {
    base_.FindExtent(
        path, version, offset, kind, context,
        [this, path, version, done = std::move(done)](absl::StatusOr<uint64_t> found) mutable {
          ForgetIfGone(path, version, found.status());
          std::move(done)(std::move(found));
        });
  }

  void GetFileSystemStatistics(const Path& path, const RequestContext& context,
                               Done<FileSystemStatistics> done) override {
    const absl::Duration age_max = std::min(context.age_max, options_.negative_ttl);
    if (const auto held = cache_.FindFileSystem(path);
        held.has_value() && AgeSince(held->read_at) <= age_max) {
      std::move(done)(held->statistics);
      return;
    }
    // Its age is not part of the answer, so it counts from before the question.
    const absl::Time asked_at = clock_.Now();
    const MetadataCache::Epoch epoch = cache_.CurrentEpoch();
    base_.GetFileSystemStatistics(path, context,
                                  [this, path, asked_at, epoch, done = std::move(done)](
                                      absl::StatusOr<FileSystemStatistics> answer) mutable {
                                    if (answer.ok())
                                      cache_.KeepFileSystem(path, {*answer, asked_at}, epoch);
                                    std::move(done)(std::move(answer));
                                  });
  }

  void Invalidate(const Invalidation& invalidation) override {
    invalidations_.fetch_add(1, std::memory_order_relaxed);
    cache_.Invalidate(invalidation);
  }

  LayerStatistics Statistics() const override {
    LayerStatistics statistics{.layer = "metadata_cache"};
    statistics.counters = CountersOf(cache_.AttributesStatistics(), "attributes_");
    statistics.counters.merge(CountersOf(cache_.ListingsStatistics(), "listings_"));
    statistics.counters["revalidations"] = revalidations_;
    statistics.counters["revalidations_unchanged"] = revalidations_unchanged_;
    statistics.counters["stale_blocks"] = stale_blocks_;
    statistics.counters["invalidations"] = invalidations_;
    return statistics;
  }

  std::vector<CachedItem> Items(const std::string& prefix) const override {
    return cache_.Items(prefix);
  }

 private:
  // What was asked of a version ended so.
  void ForgetIfGone(const Path& path, const Version& version, const absl::Status& status) {
    if (status.ok() || !SaysVersionIsGone(status)) return;
    stale_blocks_.fetch_add(1, std::memory_order_relaxed);
    cache_.ForgetVersion(path, version);
  }

  // What was confirmed at a time that lies ahead was confirmed before the clock was set back: who
  // knows when. (Were it young, it would stay so until the clock is there again.)
  absl::Duration AgeSince(absl::Time confirmed_at) const {
    const absl::Duration age = clock_.Now() - confirmed_at;
    return age >= absl::ZeroDuration() ? age : absl::InfiniteDuration();
  }

  bool IsFresh(const PathState& state, const RequestContext& context) const {
    const absl::Duration ttl =
        state.attributes.has_value() ? options_.metadata_ttl : options_.negative_ttl;
    return AgeSince(state.confirmed_at) <= std::min(ttl, context.age_max);
  }

  // Whether the attributes in a listing may still be used.
  bool EntriesAreFresh(const MetadataCache::HeldListing& held) const {
    // By far the most frequent, and needs no clock.
    if (options_.metadata_ttl == absl::InfiniteDuration()) return true;
    return AgeSince(held.read_at) <= options_.metadata_ttl;
  }

  // Whether the listing may still say which names there are.
  bool NamesAreFresh(const Listing& listing, const RequestContext& context) const {
    if (context.any_age) return true;
    return AgeSince(listing.confirmed_at) <= NamesAgeMax(context);
  }
  absl::Duration NamesAgeMax(const RequestContext& context) const {
    return std::min(context.age_max, options_.negative_ttl);
  }

  void AskAttributes(const Path& path, const RequestContext& context, Done<PathState> done) {
    const MetadataCache::Epoch epoch = cache_.CurrentEpoch();
    base_.GetAttributes(
        path, context,
        [this, path, epoch, done = std::move(done)](absl::StatusOr<PathState> state) mutable {
          if (state.ok()) cache_.KeepAttributes(path, *state, epoch);
          std::move(done)(std::move(state));
        });
  }

  void AskListing(const Path& path, const DirectoryPage& page, const RequestContext& context,
                  Done<ListingRef> done) {
    const MetadataCache::Epoch epoch = cache_.CurrentEpoch();
    base_.ReadDirectory(path, page, context,
                        [this, path, page, epoch,
                         done = std::move(done)](absl::StatusOr<ListingRef> listing) mutable {
                          if (listing.ok()) cache_.KeepListing(path, page, *listing, epoch);
                          std::move(done)(std::move(listing));
                        });
  }

  // One conditional request: are the names still those of `known`?
  void Revalidate(const Path& path, const DirectoryPage& page, const Version& known,
                  const RequestContext& context, Done<ListingRef> done) {
    revalidations_.fetch_add(1, std::memory_order_relaxed);
    RequestContext fresh = context;
    fresh.age_max = NamesAgeMax(context);
    // Not AskAttributes straight away: a young enough answer may be at hand already.
    GetAttributes(path, fresh,
                  [this, path, page, known, context,
                   done = std::move(done)](absl::StatusOr<PathState> state) mutable {
                    Settle(path, page, known, context, std::move(state), std::move(done));
                  });
  }

  void Settle(const Path& path, const DirectoryPage& page, const Version& known,
              const RequestContext& context, absl::StatusOr<PathState> state,
              Done<ListingRef> done) {
    if (!state.ok()) {
      std::move(done)(state.status());
      return;
    }
    const auto held = cache_.FindListing(path, page);
    const bool unchanged = state->attributes.has_value() && state->attributes->version == known &&
                           held.has_value() && held->listing->directory.version == known;
    if (!unchanged) {
      cache_.DropListing(path, page);
      AskListing(path, page, context, std::move(done));
      return;
    }
    revalidations_unchanged_.fetch_add(1, std::memory_order_relaxed);
    if (held->listing->confirmed_at >= state->confirmed_at) {
      std::move(done)(held->listing);
      return;
    }
    auto confirmed = std::make_shared<Listing>(*held->listing);
    confirmed->confirmed_at = state->confirmed_at;
    std::move(done)(std::move(confirmed));
  }

  Source& base_;
  const MetadataCachingOptions options_;
  const Clock& clock_;
  MetadataCache cache_;
  std::atomic<uint64_t> revalidations_ = 0;
  std::atomic<uint64_t> revalidations_unchanged_ = 0;
  std::atomic<uint64_t> stale_blocks_ = 0;
  std::atomic<uint64_t> invalidations_ = 0;
};

}  // namespace

std::unique_ptr<MetadataCachingSource> MakeMetadataCachingSource(
    Source& base, const MetadataCachingOptions& options, const Clock& clock) {
  return std::make_unique<MetadataCaching>(base, options, clock);
}

}  // namespace coppice
