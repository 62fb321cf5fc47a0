#include "tree_builder/tree_place.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace coppice {
namespace {

constexpr size_t kNamesShownMax = 3;
// Names are compared up to here when the nearest are looked for: the cost is its square, per
// member.
constexpr size_t kComparedBytesMax = 64;

// Whether one name is the other with a domain after it.
bool DifferByDomain(absl::string_view a, absl::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return a.size() < b.size() && a.find('.') == absl::string_view::npos && b[a.size()] == '.' &&
         absl::StartsWith(b, a);
}

// Levenshtein's distance: insertions, deletions and replacements of a character.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// Indices of the members with the nearest names, nearest first, the first in the file among equals.
std::vector<uint32_t> NearestNames(const std::vector<Member>& members, absl::string_view name) {
  std::vector<std::pair<size_t, uint32_t>> distances;
  distances.reserve(members.size());
  for (uint32_t i = 0; i < members.size(); ++i) {
    const absl::string_view other = members[i].name;
    distances.emplace_back(
        EditDistance(name.substr(0, kComparedBytesMax), other.substr(0, kComparedBytesMax)), i);
  }
  const size_t shown = std::min(kNamesShownMax, distances.size());
  std::partial_sort(distances.begin(), distances.begin() + static_cast<ptrdiff_t>(shown),
                    distances.end());
  std::vector<uint32_t> nearest;
  for (size_t i = 0; i < shown; ++i) nearest.push_back(distances[i].second);
  return nearest;
}

std::string JoinNames(const std::vector<Member>& members, const std::vector<uint32_t>& indices) {
  return absl::StrJoin(indices, ", ", [&members](std::string* text, uint32_t index) {
    absl::StrAppend(text, Shown(members[index].name));
  });
}

absl::StatusOr<uint32_t> FindMember(const std::vector<Member>& members, absl::string_view name) {
  std::vector<uint32_t> by_domain;
  for (uint32_t i = 0; i < members.size(); ++i) {
    if (members[i].name == name) return i;
    if (by_domain.size() <= kNamesShownMax && DifferByDomain(members[i].name, name)) {
      by_domain.push_back(i);
    }
  }
  if (by_domain.size() == 1) return by_domain[0];
  if (!by_domain.empty()) {
    const bool more = by_domain.size() > kNamesShownMax;
    if (more) by_domain.pop_back();
    return absl::NotFoundError(absl::StrCat("node ", Shown(name), " could be each of ",
                                            JoinNames(members, by_domain), more ? ", ..." : "",
                                            "; give its full name"));
  }
  return absl::NotFoundError(absl::StrCat(
      "node ", Shown(name), " is none of the ", members.size(),
      " members of the tree; nearest: ", JoinNames(members, NearestNames(members, name))));
}

TreePlace PlaceOf(const TreeFile& tree_file, uint32_t index, uint32_t tree) {
  const std::vector<Member>& members = tree_file.members();
  const Trees& trees = tree_file.trees();
  const auto neighbour_of = [&](uint32_t other) {
    return Neighbour{.name = members[other].name, .address = members[other].AddressIn(tree)};
  };
  TreePlace place{.index = index,
                  .self = members[index],
                  .tree = tree,
                  .depth = trees.Depth(tree, index),
                  .tree_size = trees.member_count(),
                  .fanout = trees.fanout()};
  for (const uint32_t ancestor : trees.Ancestors(tree, index)) {
    place.ancestors.push_back(neighbour_of(ancestor));
  }
  for (const uint32_t child : trees.Children(tree, index)) {
    place.children.push_back(neighbour_of(child));
  }
  return place;
}

}  // namespace

absl::StatusOr<TreePlace> FindPlace(const TreeFile& tree_file, absl::string_view node_name,
                                    uint32_t tree) {
  const absl::StatusOr<uint32_t> index = FindMember(tree_file.members(), node_name);
  if (!index.ok()) return index.status();
  return PlaceOf(tree_file, *index, tree);
}

absl::StatusOr<std::vector<TreePlace>> FindPlaces(const TreeFile& tree_file,
                                                  absl::string_view node_name) {
  const absl::StatusOr<uint32_t> index = FindMember(tree_file.members(), node_name);
  if (!index.ok()) return index.status();
  std::vector<TreePlace> places;
  for (uint32_t tree = 0; tree < tree_file.trees().tree_count(); ++tree) {
    places.push_back(PlaceOf(tree_file, *index, tree));
  }
  return places;
}

}  // namespace coppice
