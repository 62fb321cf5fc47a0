#include "source/lookup_counts.h"

#include <algorithm>
#include <utility>

#include "source/listing.h"

namespace coppice {
namespace {

constexpr size_t kShardDirectoriesMin = 1024;

}  // namespace

LookupCounts::LookupCounts(size_t directories_max, const Clock& clock)
    : clock_(clock), states_(directories_max, kShardDirectoriesMin) {}

size_t LookupCounts::State::NamesBeforeListing() const {
  if (worth_listing) return 1;
  if (large) return kLookupsBeforeLargeListing;
  return missed ? kLookupsBeforeListingAfterMiss : kLookupsBeforeListing;
}

LookupCounts::Verdict LookupCounts::Count(const Path& directory, absl::string_view name) {
  State state = states_.Lookup(directory).value_or(State());
  if (state.single_until > clock_.Now()) return Verdict::kSingle;
  if (state.listed) return Verdict::kListed;
  if (state.ahead) return Verdict::kSingle;
  const uint64_t hash = CookieOf(name);
  const auto end = state.names.begin() + state.name_count;
  if (std::find(state.names.begin(), end, hash) != end) return Verdict::kSingle;
  *end = hash;
  ++state.name_count;
  const bool promote = state.name_count >= state.NamesBeforeListing();
  state.ahead = promote && state.large;
  state.listed = promote && !state.large;
  const bool ahead = state.ahead;
  states_.Insert(directory, std::move(state), 1);
  if (!promote) return Verdict::kSingle;
  return ahead ? Verdict::kAhead : Verdict::kPromotion;
}

void LookupCounts::NoteMissing(const Path& directory) {
  auto state = states_.Lookup(directory);
  if (!state.has_value() || state->missed) return;
  state->missed = true;
  states_.Insert(directory, *std::move(state), 1);
}

bool LookupCounts::SetListed(const Path& directory) {
  const auto state = states_.Lookup(directory);
  if (state.has_value() && state->at_hand) return false;
  states_.Insert(directory, State{.listed = true, .at_hand = true}, 1);
  return true;
}

void LookupCounts::SetWorthListing(const Path& directory) {
  State state = states_.Lookup(directory).value_or(State());
  if (state.listed || state.worth_listing) return;
  state.worth_listing = true;
  states_.Insert(directory, std::move(state), 1);
}

void LookupCounts::SetLarge(const Path& directory) {
  State state = states_.Lookup(directory).value_or(State());
  if (state.listed || state.large) return;
  state.large = true;
  states_.Insert(directory, std::move(state), 1);
}

void LookupCounts::SetSingleFor(const Path& directory, absl::Time until) {
  const auto known = states_.Lookup(directory);
  states_.Insert(directory,
                 State{.large = known.has_value() && known->large, .single_until = until}, 1);
}

}  // namespace coppice
