#include "source/single_flight_source.h"

#include <algorithm>
#include <utility>

#include "source/flight_table.h"

namespace coppice {
namespace {

// A page of a directory; a path alone is its page {}.
struct PageKey {
  Path path;
  DirectoryPage page;

  friend bool operator==(const PageKey&, const PageKey&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const PageKey& key) {
    return H::combine(std::move(state), key.path, key.page);
  }
};

// Whether the leader asked for an answer at least as young as the follower wants.
bool IsAsStrict(const RequestContext& leader, const RequestContext& follower) {
  return follower.any_age || (!leader.any_age && leader.age_max <= follower.age_max);
}

class SingleFlight final : public SingleFlightSource {
 public:
  SingleFlight(Source& base, absl::Duration negative_ttl, const Clock& clock)
      : base_(base),
        attributes_(
            [&base](const PageKey& key, const RequestContext& context, Done<PathState> done) {
              base.GetAttributes(key.path, context, std::move(done));
            },
            [&clock](const PathState& state, const RequestContext& leader,
                     const RequestContext& follower) {
              return IsAsStrict(leader, follower) ||
                     clock.Now() - state.confirmed_at <= follower.age_max;
            },
            statistics_),
        listings_(
            [&base](const PageKey& key, const RequestContext& context, Done<ListingRef> done) {
              base.ReadDirectory(key.path, key.page, context, std::move(done));
            },
            [&clock, negative_ttl](const ListingRef& listing, const RequestContext& leader,
                                   const RequestContext& follower) {
              return IsAsStrict(leader, follower) || clock.Now() - listing->confirmed_at <=
                                                         std::min(follower.age_max, negative_ttl);
            },
            statistics_),
        blocks_([&base](const BlockKey& key, const RequestContext& context,
                        Done<BlockRef> done) { base.ReadBlock(key, context, std::move(done)); },
                [](const BlockRef&, const RequestContext&, const RequestContext&) { return true; },
                statistics_),
        file_systems_(
            [&base](const PageKey& key, const RequestContext& context,
                    Done<FileSystemStatistics> done) {
              base.GetFileSystemStatistics(key.path, context, std::move(done));
            },
            [](const FileSystemStatistics&, const RequestContext& leader,
               const RequestContext& follower) { return IsAsStrict(leader, follower); },
            statistics_) {}

  void GetAttributes(const Path& path, const RequestContext& context,
                     Done<PathState> done) override {
    attributes_.Request({path, {}}, context, std::move(done));
  }
  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override {
    listings_.Request({path, page}, context, std::move(done));
  }
  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override {
    blocks_.Request(key, context, std::move(done));
  }
  // Rare, and nothing to share: each asks by itself.
  void FindExtent(const Path& path, const Version& version, uint64_t offset, ExtentKind kind,
                  const RequestContext& context, Done<uint64_t> done) override {
    base_.FindExtent(path, version, offset, kind, context, std::move(done));
  }
  void GetFileSystemStatistics(const Path& path, const RequestContext& context,
                               Done<FileSystemStatistics> done) override {
    file_systems_.Request({path, {}}, context, std::move(done));
  }

  // What is at hand needs no flight. Nothing is asked twice for it: who finds nothing makes the
  // call, and meets the flight, or what it has brought since. And nothing is answered that an
  // invalidation covers: the caches below have erased it before Invalidate returns.
  std::optional<PathState> FindAttributes(const Path& directory, absl::string_view name,
                                          absl::Duration age_max) override {
    return base_.FindAttributes(directory, name, age_max);
  }
  ListingRef FindListing(const Path& directory) override { return base_.FindListing(directory); }

  void Invalidate(const Invalidation& invalidation) override {
    const auto covers = [&invalidation](const PageKey& key) {
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
  Source& base_;
  FlightStatistics statistics_;
  FlightTable<PageKey, PathState> attributes_;
  FlightTable<PageKey, ListingRef> listings_;
  FlightTable<BlockKey, BlockRef> blocks_;
  FlightTable<PageKey, FileSystemStatistics> file_systems_;
};

}  // namespace

std::unique_ptr<SingleFlightSource> MakeSingleFlightSource(Source& base,
                                                           absl::Duration negative_ttl,
                                                           const Clock& clock) {
  return std::make_unique<SingleFlight>(base, negative_ttl, clock);
}

}  // namespace coppice
