#include "source/shared_reading_source.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "common/in_flight.h"
#include "common/mutex.h"
#include "source/flight_table.h"
#include "source/forwarding_source.h"
#include "source/read_pattern.h"
#include "source/stale_block.h"

namespace coppice {
namespace {

class SharedReading final : public ForwardingSource<SharedReadingSource> {
 public:
  SharedReading(Source& base, BlockLoader& loader)
      : ForwardingSource(base),
        loader_(loader),
        loads_([&loader](const BlockKey& key, const RequestContext& context,
                         Done<bool> done) { loader.LoadBlock(key, context, std::move(done)); },
               [](bool, const RequestContext&, const RequestContext&) { return true; },
               flight_statistics_) {}

  ~SharedReading() override { telling_.WaitUntilNone(); }

  void SetReader(std::shared_ptr<SharedBlockReader> reader) override {
    MutexLock lock(mutex_);
    reader_.swap(reader);
  }

  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    const std::shared_ptr<SharedBlockReader> reader = CurrentReader();
    if (reader == nullptr && !context.cached_only) {
      base_.ReadBlock(key, context, std::move(done));
      return;
    }
    FoundBlock found;
    if (reader != nullptr) found = reader->Find(key, IsForReader(context));
    if (found.block == nullptr && context.cached_only) {
      std::move(done)(absl::NotFoundError("the block is not in shared memory"));
      return;
    }
    if (found.block != nullptr) {
      found_.fetch_add(1, std::memory_order_relaxed);
      const bool tell = found.first_read && BlockCount(key.version.size) > kWholeFileBlocks &&
                        !WindowIsShown(key, *reader);
      if (tell) telling_.Begin();
      // The reader first. After this only what is being told keeps us here.
      std::move(done)(std::move(found.block));
      if (tell) Tell(key, context);
      return;
    }
    loads_.Request(
        key, context,
        [this, key, context, done = std::move(done)](absl::StatusOr<bool> loaded) mutable {
          Loaded(key, context, std::move(loaded), std::move(done));
        });
  }

  LayerStatistics Statistics() const override {
    return {.layer = "shared_reading",
            .counters = {{"found", found_}, {"loaded", loaded_}, {"as_message", as_message_}}};
  }

 private:
  // What is given to the kernel ahead (cached_only) is read there; what is only looked at is not.
  static bool IsForReader(const RequestContext& context) {
    return !context.speculative || context.cached_only;
  }

  // Whether nothing is left to be fetched ahead of who reads this block, in the largest window.
  static bool WindowIsShown(const BlockKey& key, const SharedBlockReader& reader) {
    const uint64_t end = std::min(BlockCount(key.version.size), key.index + 1 + kWindowBlocks);
    BlockKey ahead = key;
    while (++ahead.index < end) {
      if (!reader.Shows(ahead)) return false;
    }
    return true;
  }

  std::shared_ptr<SharedBlockReader> CurrentReader() const {
    MutexLock lock(mutex_);
    return reader_;
  }

  void Loaded(const BlockKey& key, const RequestContext& context, absl::StatusOr<bool> loaded,
              Done<BlockRef> done) {
    if (SaysVersionIsGone(loaded.status())) {
      // The caches below must hear of it, so that they forget what they know of the file.
      base_.ReadBlock(key, context, std::move(done));
      return;
    }
    if (!loaded.ok()) return std::move(done)(loaded.status());
    const std::shared_ptr<SharedBlockReader> reader = CurrentReader();
    if (*loaded && reader != nullptr) {
      if (FoundBlock found = reader->Find(key, IsForReader(context)); found.block != nullptr) {
        loaded_.fetch_add(1, std::memory_order_relaxed);
        return std::move(done)(std::move(found.block));
      }
    }
    as_message_.fetch_add(1, std::memory_order_relaxed);
    base_.ReadBlock(key, context, std::move(done));
  }

  // Lets the peer see that this block is read, so that it goes on fetching ahead. REQUIRES: begun.
  void Tell(const BlockKey& key, const RequestContext& context) {
    loader_.LoadBlock(key, context, [this](const absl::StatusOr<bool>&) { telling_.End(); });
  }

  BlockLoader& loader_;
  FlightStatistics flight_statistics_;
  FlightTable<BlockKey, bool> loads_;
  InFlight telling_;
  mutable Mutex mutex_;
  std::shared_ptr<SharedBlockReader> reader_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> found_ = 0;
  std::atomic<uint64_t> loaded_ = 0;
  std::atomic<uint64_t> as_message_ = 0;
};

}  // namespace

std::unique_ptr<SharedReadingSource> MakeSharedReadingSource(Source& base, BlockLoader& loader) {
  return std::make_unique<SharedReading>(base, loader);
}

}  // namespace coppice
