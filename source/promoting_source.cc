#include "source/promoting_source.h"

#include <sys/stat.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "source/forwarding_source.h"
#include "source/lookup_counts.h"
#include "source/speculation.h"

namespace coppice {
namespace {

// Of one listing: a directory of users or projects has many subdirectories, and they have nothing
// to do with each other.
constexpr size_t kSubdirectoriesLearntMax = 1'024;

class Promoting final : public ForwardingSource<PromotingSource> {
 public:
  Promoting(Source& base, absl::Duration negative_ttl, const Clock& clock)
      : ForwardingSource(base), negative_ttl_(negative_ttl), clock_(clock) {}

  void GetAttributes(const Path& path, const RequestContext& context,
                     Done<PathState> done) override {
    // A reader who limits the age wants this path confirmed; a listing's names may be younger than
    // its attributes.
    if (path.IsRoot() || context.age_max != absl::InfiniteDuration()) {
      base_.GetAttributes(path, context, std::move(done));
      return;
    }
    switch (counts_.Count(path.Parent(), path.Name())) {
      case LookupCounts::Verdict::kSingle:
        AskSingly(path, context, std::move(done));
        return;
      case LookupCounts::Verdict::kAhead:
        promotions_.fetch_add(1, std::memory_order_relaxed);
        AskSingly(path, context, std::move(done));
        ListAhead(path.Parent(), context);
        return;
      case LookupCounts::Verdict::kPromotion:
        promotions_.fetch_add(1, std::memory_order_relaxed);
        [[fallthrough]];
      case LookupCounts::Verdict::kListed:
        AskListing(path, context, std::move(done));
        return;
    }
  }

  // From a listing that is at hand, whether or not lookups have begun to repeat in its directory:
  // that question is only when to read one.
  std::optional<PathState> FindAttributes(const Path& directory, absl::string_view name,
                                          absl::Duration age_max) override {
    if (age_max != absl::InfiniteDuration()) return std::nullopt;
    const ListingRef listing = base_.FindListing(directory);
    if (listing == nullptr) return std::nullopt;
    return FindIn(*listing, listing->Find(name), /*confirmed=*/false);
  }

  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override {
    base_.ReadDirectory(
        path, page, context,
        [this, path, done = std::move(done)](absl::StatusOr<ListingRef> listing) mutable {
          if (listing.ok()) Learn(path, **listing);
          std::move(done)(std::move(listing));
        });
  }

  LayerStatistics Statistics() const override {
    return {.layer = "promoting",
            .counters = {{"from_listing", from_listing_},
                         {"missing_from_listing", missing_from_listing_},
                         {"single", single_},
                         {"promotions", promotions_}}};
  }

 private:
  void Learn(const Path& directory, const Listing& listing) {
    if (!listing.IsComplete()) {
      counts_.SetSingleFor(directory, absl::InfiniteFuture());
    } else if (counts_.SetListed(directory)) {
      LearnSubdirectories(directory, listing);
    }
  }

  void LearnSubdirectories(const Path& directory, const Listing& listing) {
    size_t learnt = 0;
    for (const Dentry& entry : listing.entries) {
      if (!entry.attributes.has_value() || !S_ISDIR(entry.attributes->mode)) continue;
      // 0 is the size of an automount's directory, which may hide anything.
      const uint64_t size = entry.attributes->size;
      if (size == 0) continue;
      if (++learnt > kSubdirectoriesLearntMax) return;
      const auto path = directory.Child(entry.name);
      if (!path.ok()) continue;
      if (size <= kSmallDirectoryBytes) counts_.SetWorthListing(*path);
      LearnLarge(*path, *entry.attributes);
    }
  }

  void LearnLarge(const Path& path, const Attributes& attributes) {
    if (S_ISDIR(attributes.mode) && attributes.size > kLargeDirectoryBytes) counts_.SetLarge(path);
  }

  void AskSingly(const Path& path, const RequestContext& context, Done<PathState> done) {
    single_.fetch_add(1, std::memory_order_relaxed);
    base_.GetAttributes(
        path, context,
        [this, path, done = std::move(done)](absl::StatusOr<PathState> state) mutable {
          if (state.ok() && !state->attributes.has_value()) counts_.NoteMissing(path.Parent());
          if (state.ok() && state->attributes.has_value()) LearnLarge(path, *state->attributes);
          std::move(done)(std::move(state));
        });
  }

  void ListAhead(const Path& directory, const RequestContext& context) {
    const bool begun = speculation_.ReadDirectory(
        directory, context, [this, directory](const absl::StatusOr<ListingRef>& listing) {
          if (listing.ok()) {
            Learn(directory, **listing);
          } else {
            counts_.SetSingleFor(directory, clock_.Now() + negative_ttl_);
          }
        });
    if (!begun) counts_.SetSingleFor(directory, clock_.Now() + negative_ttl_);
  }

  // Names that are there may come from a listing of any age; they stay usable.
  void AskListing(const Path& path, const RequestContext& context, Done<PathState> done) {
    RequestContext any_age = context;
    any_age.any_age = true;
    // A large listing on a slow file system may take longer than the reader waits; half of the time
    // is left for asking singly.
    if (context.deadline != absl::InfiniteFuture()) {
      const absl::Time now = clock_.Now();
      any_age.deadline = now + (context.deadline - now) / 2;
    }
    base_.ReadDirectory(
        path.Parent(), {}, any_age,
        [this, path, context, done = std::move(done)](absl::StatusOr<ListingRef> listing) mutable {
          Answer(path, context, /*confirmed=*/false, std::move(listing), std::move(done));
        });
  }

  void ConfirmListing(const Path& path, const RequestContext& context, Done<PathState> done) {
    base_.ReadDirectory(
        path.Parent(), {}, context,
        [this, path, context, done = std::move(done)](absl::StatusOr<ListingRef> listing) mutable {
          Answer(path, context, /*confirmed=*/true, std::move(listing), std::move(done));
        });
  }

  void Answer(const Path& path, const RequestContext& context, bool confirmed,
              absl::StatusOr<ListingRef> listing, Done<PathState> done) {
    if (!listing.ok()) {
      // The error is the listing's, not the name's: a directory may forbid one and allow the other.
      // While it lasts, do not pay for it at every name.
      counts_.SetSingleFor(path.Parent(), clock_.Now() + negative_ttl_);
      AskSingly(path, context, std::move(done));
      return;
    }
    Learn(path.Parent(), **listing);
    const Dentry* entry = (*listing)->Find(path.Name());
    if (auto state = FindIn(**listing, entry, confirmed); state.has_value()) {
      std::move(done)(*std::move(state));
    } else if (entry != nullptr || !(*listing)->IsComplete()) {
      AskSingly(path, context, std::move(done));
    } else {
      ConfirmListing(path, context, std::move(done));
    }
  }

  // What the listing, with this entry or none, says of a name, if it may.
  std::optional<PathState> FindIn(const Listing& listing, const Dentry* entry, bool confirmed) {
    if (entry != nullptr && entry->attributes.has_value()) {
      from_listing_.fetch_add(1, std::memory_order_relaxed);
      return PathState{.attributes = entry->attributes, .confirmed_at = listing.confirmed_at};
    }
    if (entry != nullptr || !listing.IsComplete()) return std::nullopt;
    if (!confirmed && !IsYoung(listing)) return std::nullopt;
    missing_from_listing_.fetch_add(1, std::memory_order_relaxed);
    return PathState{.confirmed_at = listing.confirmed_at,
                     .directory_version = listing.directory.version};
  }

  // Whether the listing may say what is missing. Not one that was confirmed at a time that lies
  // ahead: the clock was set back since.
  bool IsYoung(const Listing& listing) const {
    const absl::Duration age = clock_.Now() - listing.confirmed_at;
    return age >= absl::ZeroDuration() && age <= negative_ttl_;
  }

  const absl::Duration negative_ttl_;
  const Clock& clock_;
  LookupCounts counts_{kDirectoriesCountedMax, clock_};
  std::atomic<uint64_t> from_listing_ = 0;
  std::atomic<uint64_t> missing_from_listing_ = 0;
  std::atomic<uint64_t> single_ = 0;
  std::atomic<uint64_t> promotions_ = 0;
  Speculation speculation_{base_};  // the last: it ends before what its answers need
};

}  // namespace

std::unique_ptr<PromotingSource> MakePromotingSource(Source& base, absl::Duration negative_ttl,
                                                     const Clock& clock) {
  return std::make_unique<Promoting>(base, negative_ttl, clock);
}

}  // namespace coppice
