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

LookupCounts::Verdict LookupCounts::CountIn(State& state, uint64_t hash) const {
  if (state.single_until != absl::InfinitePast() && state.single_until > clock_.Now()) {
    return Verdict::kSingle;
  }
  if (state.listed) return Verdict::kListed;
  if (state.ahead) return Verdict::kSingle;
  const auto end = state.names.begin() + state.name_count;
  if (std::find(state.names.begin(), end, hash) != end) return Verdict::kSingle;
  *end = hash;
  ++state.name_count;
  if (state.name_count < state.NamesBeforeListing()) return Verdict::kSingle;
  (state.large ? state.ahead : state.listed) = true;
  return state.large ? Verdict::kAhead : Verdict::kPromotion;
}

LookupCounts::Verdict LookupCounts::Count(const Path& directory, absl::string_view name) {
  const uint64_t hash = CookieOf(name);
  Verdict verdict = Verdict::kSingle;
  Edit(directory, [&](State& state) { verdict = CountIn(state, hash); });
  return verdict;
}

void LookupCounts::NoteMissing(const Path& directory) {
  states_.EditInPlace(directory, [](State& state) { state.missed = true; });
}

bool LookupCounts::SetListed(const Path& directory) {
  bool first = false;
  Edit(directory, [&](State& state) {
    first = !state.at_hand;
    if (first) state = State{.listed = true, .at_hand = true};
  });
  return first;
}

void LookupCounts::SetWorthListing(const Path& directory) {
  Edit(directory, [](State& state) { state.worth_listing |= !state.listed; });
}

void LookupCounts::SetLarge(const Path& directory) {
  Edit(directory, [](State& state) { state.large |= !state.listed; });
}

void LookupCounts::Edit(const Path& directory, absl::FunctionRef<void(State&)> edit) {
  if (states_.EditInPlace(directory, edit)) return;
  State state;
  edit(state);
  states_.Insert(directory, std::move(state), 1);
}

void LookupCounts::SetSingleFor(const Path& directory, absl::Time until) {
  Edit(directory,
       [until](State& state) { state = State{.large = state.large, .single_until = until}; });
}

}  // namespace coppice
