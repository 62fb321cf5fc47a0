#include "source/metered_source.h"

#include <atomic>
#include <chrono>
#include <utility>

namespace coppice {
namespace {

class Metered final : public MeteredSource {
 public:
  Metered(Source& base, std::string layer) : base_(base), layer_(std::move(layer)) {}

  void GetAttributes(const Path& path, const RequestContext& context,
                     Done<PathState> done) override {
    base_.GetAttributes(path, context, Timed(attributes_, std::move(done)));
  }
  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override {
    base_.ReadDirectory(path, page, context, Timed(directories_, std::move(done)));
  }
  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    base_.ReadBlock(key, context,
                    Timed<BlockRef>(blocks_, [this, done = std::move(done)](
                                                 absl::StatusOr<BlockRef> block) mutable {
                      if (block.ok()) {
                        bytes_.fetch_add((*block)->size(), std::memory_order_relaxed);
                      }
                      std::move(done)(std::move(block));
                    }));
  }
  void FindExtent(const Path& path, const Version& version, uint64_t offset, ExtentKind kind,
                  const RequestContext& context, Done<uint64_t> done) override {
    base_.FindExtent(path, version, offset, kind, context, Timed(extents_, std::move(done)));
  }
  void GetFileSystemStatistics(const Path& path, const RequestContext& context,
                               Done<FileSystemStatistics> done) override {
    base_.GetFileSystemStatistics(path, context, Timed(file_systems_, std::move(done)));
  }

  LayerStatistics Statistics() const override {
    LayerStatistics statistics{.layer = layer_};
    Report("get_attributes", attributes_, statistics);
    Report("read_directory", directories_, statistics);
    Report("read_block", blocks_, statistics);
    Report("find_extent", extents_, statistics);
    Report("file_system", file_systems_, statistics);
    statistics.counters["read_block_bytes"] = bytes_;
    return statistics;
  }

 private:
  struct Meter {
    std::atomic<uint64_t> requests = 0;
    std::atomic<uint64_t> answers = 0;
    std::atomic<uint64_t> errors = 0;
    std::atomic<uint64_t> us = 0;
  };

  template <typename Value>
  static Done<Value> Timed(Meter& meter, Done<Value> done) {
    meter.requests.fetch_add(1, std::memory_order_relaxed);
    const auto start = std::chrono::steady_clock::now();
    return [&meter, start, done = std::move(done)](absl::StatusOr<Value> answer) mutable {
      const auto elapsed = std::chrono::steady_clock::now() - start;
      meter.us.fetch_add(
          static_cast<uint64_t>(
              std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count()),
          std::memory_order_relaxed);
      if (!answer.ok()) meter.errors.fetch_add(1, std::memory_order_relaxed);
      meter.answers.fetch_add(1, std::memory_order_relaxed);
      std::move(done)(std::move(answer));
    };
  }

  static void Report(const std::string& kind, const Meter& meter, LayerStatistics& statistics) {
    // Answers first, so that the gauge is never negative.
    const uint64_t answers = meter.answers;
    const uint64_t requests = meter.requests;
    statistics.counters[kind + "_requests"] = requests;
    statistics.counters[kind + "_in_flight"] = requests - answers;
    statistics.counters[kind + "_errors"] = meter.errors;
    statistics.counters[kind + "_us"] = meter.us;
  }

  Source& base_;
  const std::string layer_;
  Meter attributes_, directories_, blocks_, extents_, file_systems_;
  std::atomic<uint64_t> bytes_ = 0;
};

}  // namespace

std::unique_ptr<MeteredSource> MakeMeteredSource(Source& base, std::string layer) {
  return std::make_unique<Metered>(base, std::move(layer));
}

}  // namespace coppice
