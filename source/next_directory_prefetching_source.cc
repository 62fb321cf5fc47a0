#include "source/next_directory_prefetching_source.h"

#include <sys/stat.h>

#include <atomic>
#include <string>
#include <utility>

#include "source/forwarding_source.h"
#include "source/lookup_counts.h"
#include "source/lru_cache.h"
#include "source/sibling_pattern.h"
#include "source/small_file.h"
#include "source/speculation.h"

namespace coppice {
namespace {

constexpr size_t kShardDirectoriesMin = 256;

// The directories before and after one of them in a listing; nullptr where there is none.
struct Neighbours {
  const Dentry* before = nullptr;
  const Dentry* after = nullptr;
};

Neighbours NeighboursOf(const Listing& listing, absl::string_view name) {
  Neighbours neighbours;
  bool passed = false;
  for (const Dentry& entry : listing.entries) {
    if (entry.name == name) {
      passed = true;
    } else if (S_ISDIR(entry.type)) {
      (passed ? neighbours.after : neighbours.before) = &entry;
      if (passed) break;
    }
  }
  return passed ? neighbours : Neighbours();
}

// As when lookups have one listed: none that is huge, and none of an automounter.
bool IsCheapToList(const Dentry& directory) {
  if (!directory.attributes.has_value() || !S_ISDIR(directory.attributes->mode)) return false;
  const uint64_t bytes = directory.attributes->size;
  return bytes > 0 && bytes <= kSmallDirectoryBytes;
}

class NextDirectoryPrefetching final : public ForwardingSource<NextDirectoryPrefetchingSource> {
 public:
  explicit NextDirectoryPrefetching(Source& base)
      : ForwardingSource(base),
        begun_(kDirectoriesBegunMax, kShardDirectoriesMin),
        speculation_(base) {}

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    if (context.speculative || key.path.IsRoot() || key.version.size == 0 ||
        key.version.size > kSmallFileBytes) {
      base_.ReadBlock(key, context, std::move(done));
      return;
    }
    const Path directory = key.path.Parent();
    if (directory.IsRoot() || begun_.Lookup(directory).has_value()) {
      base_.ReadBlock(key, context, std::move(done));
      return;
    }
    begun_.Insert(directory, Beginning::kElsewhere, 1);
    speculation_.ReadBlockThen(
        key, context, std::move(done),
        [this, file = key.path, context](const BlockRef&) { LookAtDirectory(file, context); });
  }

  LayerStatistics Statistics() const override {
    return {.layer = "next_directory_prefetching",
            .counters = {{"listings", listings_}, {"files", files_}}};
  }

 private:
  // The file with which a directory was begun.
  enum class Beginning { kElsewhere, kFirstFile };

  // `file` is the first that was read in its directory.
  void LookAtDirectory(const Path& file, const RequestContext& context) {
    const Path directory = file.Parent();
    speculation_.ReadCachedDirectory(directory, context,
                                     [this, directory, name = std::string(file.Name()),
                                      context](const absl::StatusOr<ListingRef>& listing) {
                                       if (!listing.ok()) return;
                                       const Dentry* const first = NextSmallFile(**listing, 0);
                                       if (first == nullptr || first->name != name) return;
                                       begun_.Insert(directory, Beginning::kFirstFile, 1);
                                       LookAtNeighbours(directory, context);
                                     });
  }

  void LookAtNeighbours(const Path& directory, const RequestContext& context) {
    const Path parent = directory.Parent();
    speculation_.ReadCachedDirectory(
        parent, context,
        [this, parent, name = std::string(directory.Name()),
         context](const absl::StatusOr<ListingRef>& listing) {
          if (!listing.ok()) return;
          const Neighbours neighbours = NeighboursOf(**listing, name);
          if (neighbours.before == nullptr || neighbours.after == nullptr) return;
          const absl::StatusOr<Path> before = parent.Child(neighbours.before->name);
          const absl::StatusOr<Path> after = parent.Child(neighbours.after->name);
          if (!before.ok() || !after.ok() || !IsCheapToList(*neighbours.after)) return;
          if (begun_.Lookup(*before) == Beginning::kFirstFile) FetchDirectory(*after, context);
        });
  }

  void FetchDirectory(const Path& directory, const RequestContext& context) {
    listings_.fetch_add(1, std::memory_order_relaxed);
    speculation_.ReadDirectory(
        directory, context, [this, directory, context](const absl::StatusOr<ListingRef>& listing) {
          if (listing.ok()) ReadFirstFiles(directory, **listing, context);
        });
  }

  // Not as a guess: guesses bring nothing else.
  void ReadFirstFiles(const Path& directory, const Listing& listing,
                      const RequestContext& context) {
    size_t files = 0;
    for (const Dentry& entry : listing.entries) {
      if (!IsSmallFile(entry)) continue;
      absl::StatusOr<Path> file = directory.Child(entry.name);
      if (!file.ok()) continue;
      files_.fetch_add(1, std::memory_order_relaxed);
      speculation_.ReadBlockThen(
          {*std::move(file), entry.attributes->version, 0}, context,
          [](const absl::StatusOr<BlockRef>&) {}, [](const BlockRef&) {});
      if (++files == kSmallFilesBeforeSiblings) return;
    }
  }

  LruCache<Path, Beginning> begun_;
  std::atomic<uint64_t> listings_ = 0;
  std::atomic<uint64_t> files_ = 0;
  Speculation speculation_;  // the last: it ends before what its answers need
};

}  // namespace

std::unique_ptr<NextDirectoryPrefetchingSource> MakeNextDirectoryPrefetchingSource(Source& base) {
  return std::make_unique<NextDirectoryPrefetching>(base);
}

}  // namespace coppice
