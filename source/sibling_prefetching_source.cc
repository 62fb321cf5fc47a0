#include "source/sibling_prefetching_source.h"

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "source/forwarding_source.h"
#include "source/lru_cache.h"
#include "source/sibling_pattern.h"
#include "source/small_file.h"
#include "source/speculation.h"

namespace coppice {
namespace {

using Guess = SiblingPattern::Guess;

constexpr size_t kShardDirectoriesMin = 256;

// Whether `name` is the small file that comes after `previous`.
bool IsNext(const Listing& listing, const std::string& previous, absl::string_view name) {
  const Dentry* const entry = listing.Find(previous);
  if (entry == nullptr) return false;
  const Dentry* const next = NextSmallFile(listing, entry - listing.entries.data() + 1);
  return next != nullptr && next->name == name;
}

class SiblingPrefetching final : public ForwardingSource<SiblingPrefetchingSource> {
 public:
  explicit SiblingPrefetching(Source& base)
      : ForwardingSource(base),
        directories_(kDirectoriesFollowedMax, kShardDirectoriesMin),
        speculation_(base) {}

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    if (context.speculative || context.hops > 1 || key.path.IsRoot() || key.version.size == 0 ||
        key.version.size > kSmallFileBytes) {
      base_.ReadBlock(key, context, std::move(done));
      return;
    }
    const std::shared_ptr<SiblingPattern> pattern = PatternOf(key.path.Parent());
    const SiblingPattern::Step step = pattern->Demand(std::string(key.path.Name()));
    if (step.was_prefetched) used_.Count(key);
    if (step.guess == Guess::kNothing) {
      base_.ReadBlock(key, context, std::move(done));
      return;
    }
    speculation_.ReadBlockThen(
        key, context, std::move(done),
        [this, path = key.path, context, pattern, step](const BlockRef&) {
          // A guess is no reason to read a listing, which may be large: lookups are (promoting).
          speculation_.ReadCachedDirectory(
              path.Parent(), context,
              [this, path, context, pattern, step](const absl::StatusOr<ListingRef>& listing) {
                if (!listing.ok()) return;
                Follow(step, path, **listing, context, *pattern);
              });
        });
  }

  LayerStatistics Statistics() const override {
    return {.layer = "sibling_prefetching",
            .counters = {{"batches", fetched_batches_},
                         {"prefetched_blocks", speculation_.blocks().blocks},
                         {"prefetched_bytes", speculation_.blocks().bytes},
                         {"used_blocks", used_.blocks},
                         {"used_bytes", used_.bytes}}};
  }

 private:
  std::shared_ptr<SiblingPattern> PatternOf(const Path& path) {
    if (auto known = directories_.Lookup(path); known.has_value()) return *std::move(known);
    // Two first readers at once may follow a directory each; the one kept last goes on.
    auto directory = std::make_shared<SiblingPattern>();
    directories_.Insert(path, directory, 1);
    return directory;
  }

  // Does what the step of the reader of `path` calls for.
  void Follow(const SiblingPattern::Step& step, const Path& path, const Listing& listing,
              const RequestContext& context, SiblingPattern& pattern) {
    switch (step.guess) {
      case Guess::kNothing:
        return;
      case Guess::kSiblingsIfCheap:
        if (SmallFilesFit(listing, kSiblingFilesMax, kCheapDirectoryBytes))
          FetchBatch(path, true, listing, context, pattern);
        return;
      case Guess::kSiblings:
        if (SmallFilesFit(listing, kSiblingFilesMax, kSiblingBytesMax)) {
          FetchBatch(path, true, listing, context, pattern);
          return;
        }
        pattern.SetLarge();
        [[fallthrough]];
      case Guess::kBatchIfInOrder:
        if (!IsNext(listing, step.previous, path.Name())) return;
        [[fallthrough]];
      case Guess::kNextBatch:
        FetchBatch(path, false, listing, context, pattern);
        return;
    }
  }

  // The small files of the directory of `path`: its first ones, or those after it.
  void FetchBatch(const Path& path, bool from_start, const Listing& listing,
                  const RequestContext& context, SiblingPattern& pattern) {
    const Path parent = path.Parent();
    const Dentry* const read = listing.Find(path.Name());
    if (read == nullptr && !from_start) return;
    fetched_batches_.fetch_add(1, std::memory_order_relaxed);
    const SiblingPattern::Batch batch = pattern.Begin();
    uint64_t bytes = 0;
    size_t files = 0;
    const Dentry* const end = listing.entries.data() + listing.entries.size();
    for (const Dentry* entry = from_start ? listing.entries.data() : read + 1; entry != end;
         ++entry) {
      if (!IsSmallFile(*entry)) continue;
      const Version& version = entry->attributes->version;
      if (bytes + version.size > batch.bytes_max || files == batch.files_max) {
        pattern.EndBefore(entry->name);
        return;
      }
      absl::StatusOr<Path> sibling = parent.Child(entry->name);
      if (!sibling.ok() || !pattern.Choose(entry->name)) continue;
      bytes += version.size;
      ++files;
      speculation_.ReadBlock({*std::move(sibling), version, 0}, context);
    }
  }

  LruCache<Path, std::shared_ptr<SiblingPattern>> directories_;
  BlockCounter used_;
  std::atomic<uint64_t> fetched_batches_ = 0;
  Speculation speculation_;  // the last: it ends before what its answers need
};

}  // namespace

std::unique_ptr<SiblingPrefetchingSource> MakeSiblingPrefetchingSource(Source& base) {
  return std::make_unique<SiblingPrefetching>(base);
}

}  // namespace coppice
