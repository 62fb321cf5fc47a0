#include "source/single_flight_source.h"

#include <utility>

#include "source/flight_table.h"

namespace coppice {
namespace {

// A metadata request; one that accepts only a young answer must not follow one that accepts any.
struct MetadataKey {
  Path path;
  DirectoryPage page;
  absl::Duration age_max;
  bool any_age = false;

  friend bool operator==(const MetadataKey&, const MetadataKey&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const MetadataKey& key) {
    return H::combine(std::move(state), key.path, key.page, key.age_max, key.any_age);
  }
};

MetadataKey KeyOf(const Path& path, const DirectoryPage& page, const RequestContext& context) {
  return {path, page, context.age_max, context.any_age};
}

class SingleFlight final : public SingleFlightSource {
 public:
  explicit SingleFlight(Source& base)
      : attributes_(
            [&base](const MetadataKey& key, const RequestContext& context, Done<PathState> done) {
              base.GetAttributes(key.path, context, std::move(done));
            },
            statistics_),
        listings_(
            [&base](const MetadataKey& key, const RequestContext& context, Done<ListingRef> done) {
              base.ReadDirectory(key.path, key.page, context, std::move(done));
            },
            statistics_),
        blocks_([&base](const BlockKey& key, const RequestContext& context,
                        Done<BlockRef> done) { base.ReadBlock(key, context, std::move(done)); },
                statistics_),
        file_systems_(
            [&base](const MetadataKey& key, const RequestContext& context,
                    Done<FileSystemStatistics> done) {
              base.GetFileSystemStatistics(key.path, context, std::move(done));
            },
            statistics_) {}

  void GetAttributes(const Path& path, const RequestContext& context,
                     Done<PathState> done) override {
    attributes_.Request(KeyOf(path, {}, context), context, std::move(done));
  }
  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override {
    listings_.Request(KeyOf(path, page, context), context, std::move(done));
  }
  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    blocks_.Request(key, context, std::move(done));
  }
  void GetFileSystemStatistics(const Path& path, const RequestContext& context,
                               Done<FileSystemStatistics> done) override {
    file_systems_.Request(KeyOf(path, {}, context), context, std::move(done));
  }

  void Invalidate(const Invalidation& invalidation) override {
    const auto covers = [&invalidation](const MetadataKey& key) {
      return invalidation.Covers(key.path);
    };
    attributes_.Detach(covers);
    listings_.Detach(covers);
    file_systems_.Detach(covers);
  }

  LayerStatistics Statistics() const override {
    return {.layer = "single_flight",
            .counters = {{"led", statistics_.led},
                         {"followed", statistics_.followed},
                         {"repeated", statistics_.repeated},
                         {"refused", statistics_.refused},
                         {"in_flight", attributes_.size() + listings_.size() + blocks_.size() +
                                           file_systems_.size()}}};
  }

 private:
  FlightStatistics statistics_;
  FlightTable<MetadataKey, PathState> attributes_;
  FlightTable<MetadataKey, ListingRef> listings_;
  FlightTable<BlockKey, BlockRef> blocks_;
  FlightTable<MetadataKey, FileSystemStatistics> file_systems_;
};

}  // namespace

std::unique_ptr<SingleFlightSource> MakeSingleFlightSource(Source& base) {
  return std::make_unique<SingleFlight>(base);
}

}  // namespace coppice
