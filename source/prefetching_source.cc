#include "source/prefetching_source.h"

#include <memory>
#include <utility>

#include "common/mutex.h"
#include "source/forwarding_source.h"
#include "source/lru_cache.h"
#include "source/read_pattern.h"
#include "source/speculation.h"

namespace coppice {
namespace {

constexpr size_t kShardFilesMin = 256;

class Prefetching final : public ForwardingSource<PrefetchingSource> {
 public:
  explicit Prefetching(Source& base)
      : ForwardingSource(base), files_(kFilesFollowedMax, kShardFilesMin), speculation_(base) {}

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    if (context.speculative || context.hops > 1 || key.LengthBytes() == 0) {
      base_.ReadBlock(key, context, std::move(done));
      return;
    }
    const ReadPattern::Step step = Demand(key);
    demanded_.Count(key);
    if (step.was_prefetched) used_.Count(key);
    if (step.prefetch.empty()) {
      base_.ReadBlock(key, context, std::move(done));
      return;
    }
    speculation_.ReadBlockThen(key, context, std::move(done),
                               [this, key, context, indexes = step.prefetch](const BlockRef&) {
                                 for (const uint64_t index : indexes) {
                                   speculation_.ReadBlock({key.path, key.version, index}, context);
                                 }
                               });
  }

  LayerStatistics Statistics() const override {
    return {.layer = "prefetching",
            .counters = {{"demanded_blocks", demanded_.blocks},
                         {"demanded_bytes", demanded_.bytes},
                         {"prefetched_blocks", speculation_.blocks().blocks},
                         {"prefetched_bytes", speculation_.blocks().bytes},
                         {"used_blocks", used_.blocks},
                         {"used_bytes", used_.bytes}}};
  }

 private:
  // The pattern of one version of one file, with its own short lock.
  struct File {
    explicit File(uint64_t block_count) : pattern(block_count) {}
    Mutex mutex;
    ReadPattern pattern ABSL_GUARDED_BY(mutex);
  };
  struct FileKey {
    Path path;
    Version version;

    friend bool operator==(const FileKey&, const FileKey&) = default;
    template <typename H>
    friend H AbslHashValue(H state, const FileKey& key) {
      return H::combine(std::move(state), key.path, key.version);
    }
  };
  ReadPattern::Step Demand(const BlockKey& key) {
    const FileKey file_key{key.path, key.version};
    std::shared_ptr<File> file;
    if (const auto known = files_.Lookup(file_key); known.has_value()) {
      file = *known;
    } else {
      // Two first readers at once may follow a pattern each; the one kept last goes on.
      file = std::make_shared<File>(BlockCount(key.version.size));
      files_.Insert(file_key, file, 1);
    }
    MutexLock lock(file->mutex);
    return file->pattern.Demand(key.index);
  }

  LruCache<FileKey, std::shared_ptr<File>> files_;
  BlockCounter demanded_, used_;
  Speculation speculation_;  // the last: it ends before what its answers need
};

}  // namespace

std::unique_ptr<PrefetchingSource> MakePrefetchingSource(Source& base) {
  return std::make_unique<Prefetching>(base);
}

}  // namespace coppice
