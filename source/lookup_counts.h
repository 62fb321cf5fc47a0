// LookupCounts: how many different names were looked up in each directory, and what follows from
// it. The memory of PromotingSource.
#ifndef COPPICE_SOURCE_LOOKUP_COUNTS_H_
#define COPPICE_SOURCE_LOOKUP_COUNTS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "source/lru_cache.h"
#include "source/path.h"

namespace coppice {

// The so many-th different name in a directory makes its listing worth reading.
inline constexpr size_t kLookupsBeforeListing = 4;
// The same once a name was missing there: who walks down a path finds each name, so a miss means
// that somebody searches.
inline constexpr size_t kLookupsBeforeListingAfterMiss = 2;
// A directory whose own size is at most this has few entries, on any file system that says more
// than 0: its listing costs little.
inline constexpr uint64_t kSmallDirectoryBytes = 16 << 10;
// One whose own size is more than this has many, and its listing is a stat of each: it takes so
// many different names, missing or not, to make that worth it.
inline constexpr uint64_t kLargeDirectoryBytes = 32 << 10;
inline constexpr size_t kLookupsBeforeLargeListing = 48;

// Thread-safe. When several threads begin to count in one directory at once, a name may be counted
// late, never twice.
class LookupCounts {
 public:
  enum class Verdict {
    kSingle,     // ask for this name alone
    kPromotion,  // names have begun to repeat: from now on, the listing
    kAhead,      // the same in a large directory: have it listed, and ask for this name alone
    kListed,     // the listing
  };

  // REQUIRES: `clock` outlives this.
  LookupCounts(size_t directories_max, const Clock& clock);

  Verdict Count(const Path& directory, absl::string_view name);

  // A name that was asked for singly is not there.
  void NoteMissing(const Path& directory);

  // The listing is at hand. True the first time.
  bool SetListed(const Path& directory);
  // The directory is small, and lies below one that is listed: its first lookup is worth a listing.
  // Who walks down a path without listing anything never gets here.
  void SetWorthListing(const Path& directory);
  // The directory has many entries.
  void SetLarge(const Path& directory);
  // The listing cannot be had: ask singly until then.
  void SetSingleFor(const Path& directory, absl::Time until);

 private:
  struct State {
    size_t NamesBeforeListing() const;

    // Hashes of the different names so far.
    std::array<uint64_t, kLookupsBeforeLargeListing> names = {};
    size_t name_count = 0;
    bool missed = false;
    bool worth_listing = false;
    bool large = false;
    bool ahead = false;    // large, and being listed
    bool listed = false;   // to be answered from its listing
    bool at_hand = false;  // the listing came
    absl::Time single_until = absl::InfinitePast();
  };

  Verdict CountIn(State& state, uint64_t hash) const;
  // Where it is kept: a state is too large to be copied at each lookup. A new one when there is
  // none.
  void Edit(const Path& directory, absl::FunctionRef<void(State&)> edit);

  const Clock& clock_;
  LruCache<Path, State> states_;  // each charged 1
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_LOOKUP_COUNTS_H_
