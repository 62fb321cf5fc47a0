#include "source/sibling_prefetching_source.h"

#include <sys/stat.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/mutex.h"
#include "source/forwarding_source.h"
#include "source/lru_cache.h"
#include "source/speculation.h"

namespace coppice {
namespace {

constexpr size_t kShardDirectoriesMin = 256;

// What was read in one directory. Thread-safe.
class Directory {
 public:
  enum class Guess { kNothing, kSiblingsIfCheap, kSiblings };
  struct Step {
    bool was_prefetched = false;
    Guess guess = Guess::kNothing;
  };

  // A reader reads a small file of this name.
  Step Demand(const std::string& name) {
    MutexLock lock(mutex_);
    Step step;
    step.was_prefetched = unused_.erase(name) > 0;
    if (fetched_ || !read_.insert(name).second) return step;
    fetched_ = read_.size() >= kSmallFilesBeforeSiblings;
    step.guess = fetched_ ? Guess::kSiblings : Guess::kSiblingsIfCheap;
    return step;
  }

  // The siblings are being fetched: do not do so again.
  void SetFetched() {
    MutexLock lock(mutex_);
    fetched_ = true;
  }

  // Whether to fetch this name; it then counts as unused until it is demanded.
  bool Choose(const std::string& name) {
    MutexLock lock(mutex_);
    return !read_.contains(name) && unused_.insert(name).second;
  }

 private:
  Mutex mutex_;
  bool fetched_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<std::string> read_ ABSL_GUARDED_BY(mutex_);    // at most the two
  absl::flat_hash_set<std::string> unused_ ABSL_GUARDED_BY(mutex_);  // at most kSiblingFilesMax
};

bool IsSmall(const Dentry& entry) {
  return entry.attributes.has_value() && S_ISREG(entry.attributes->mode) &&
         entry.attributes->version.size > 0 && entry.attributes->version.size <= kSmallFileBytes;
}

bool IsCheap(const Listing& listing) {
  uint64_t bytes = 0;
  for (const Dentry& entry : listing.entries) {
    if (IsSmall(entry)) bytes += entry.attributes->version.size;
  }
  return bytes <= kCheapDirectoryBytes;
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
    const Path parent = key.path.Parent();
    const std::shared_ptr<Directory> directory = Follow(parent);
    const Directory::Step step = directory->Demand(std::string(key.path.Name()));
    if (step.was_prefetched) used_.Count(key);
    if (step.guess == Directory::Guess::kNothing) {
      base_.ReadBlock(key, context, std::move(done));
      return;
    }
    speculation_.ReadBlockThen(
        key, context, std::move(done), [this, parent, context, directory, guess = step.guess] {
          const bool if_cheap = guess == Directory::Guess::kSiblingsIfCheap;
          speculation_.ReadDirectory(parent, context, /*cached_only=*/if_cheap,
                                     [this, parent, context, directory,
                                      if_cheap](const absl::StatusOr<ListingRef>& listing) {
                                       if (!listing.ok() || (if_cheap && !IsCheap(**listing)))
                                         return;
                                       FetchSiblings(parent, **listing, context, *directory);
                                     });
        });
  }

  LayerStatistics Statistics() const override {
    return {.layer = "sibling_prefetching",
            .counters = {{"directories", fetched_directories_},
                         {"prefetched_blocks", speculation_.blocks().blocks},
                         {"prefetched_bytes", speculation_.blocks().bytes},
                         {"used_blocks", used_.blocks},
                         {"used_bytes", used_.bytes}}};
  }

 private:
  std::shared_ptr<Directory> Follow(const Path& path) {
    if (auto known = directories_.Lookup(path); known.has_value()) return *std::move(known);
    // Two first readers at once may follow a directory each; the one kept last goes on.
    auto directory = std::make_shared<Directory>();
    directories_.Insert(path, directory, 1);
    return directory;
  }

  void FetchSiblings(const Path& parent, const Listing& listing, const RequestContext& context,
                     Directory& directory) {
    directory.SetFetched();
    fetched_directories_.fetch_add(1, std::memory_order_relaxed);
    uint64_t bytes = 0;
    size_t files = 0;
    for (const Dentry& entry : listing.entries) {
      if (!IsSmall(entry)) continue;
      const Version& version = entry.attributes->version;
      if (bytes + version.size > kSiblingBytesMax || files == kSiblingFilesMax) return;
      absl::StatusOr<Path> path = parent.Child(entry.name);
      if (!path.ok() || !directory.Choose(entry.name)) continue;
      bytes += version.size;
      ++files;
      speculation_.ReadBlock({*std::move(path), version, 0}, context);
    }
  }

  LruCache<Path, std::shared_ptr<Directory>> directories_;
  BlockCounter used_;
  std::atomic<uint64_t> fetched_directories_ = 0;
  Speculation speculation_;  // the last: it ends before what its answers need
};

}  // namespace

std::unique_ptr<SiblingPrefetchingSource> MakeSiblingPrefetchingSource(Source& base) {
  return std::make_unique<SiblingPrefetching>(base);
}

}  // namespace coppice
