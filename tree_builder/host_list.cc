#include "tree_builder/host_list.h"

#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tree_builder/host_expression.h"

namespace coppice {
namespace {

struct Column {
  absl::string_view text;
  // Of its first character, from 1.
  size_t number;
};

void FindColumns(absl::string_view line, std::vector<Column>& columns) {
  columns.clear();
  line = line.substr(0, line.find('#'));
  for (size_t at = 0; at < line.size();) {
    const size_t start = at;
    while (at < line.size() && !absl::ascii_isspace(line[at])) ++at;
    if (at > start)
      columns.push_back({.text = line.substr(start, at - start), .number = start + 1});
    ++at;
  }
}

// The item with its %h and %s replaced.
std::string WithName(absl::string_view item, absl::string_view name) {
  std::string text;
  text.reserve(item.size() + name.size());
  for (size_t at = 0; at < item.size(); ++at) {
    const absl::string_view pair = item.substr(at, 2);
    if (pair == "%h" || pair == "%s") {
      absl::StrAppend(&text, pair == "%h" ? name : ShortHostName(name));
      ++at;
    } else {
      text += item[at];
    }
  }
  return text;
}

absl::StatusOr<std::vector<std::string>> AddressesOf(absl::string_view name,
                                                     absl::string_view column) {
  std::vector<std::string> addresses;
  for (const absl::string_view item : absl::StrSplit(column, ',')) {
    std::string address = WithName(item, name);
    if (absl::Status checked = CheckAddress(address); !checked.ok()) return checked;
    if (addresses.size() == kAddressesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", kAddressesMax, " addresses of ", Shown(name)));
    }
    addresses.push_back(std::move(address));
  }
  return addresses;
}

// A member, and where it was first seen.
struct Entry {
  Member member;
  size_t line;
  // Its addresses stood there.
  bool has_given_addresses;
  // Its place among all.
  size_t place = 0;
};

absl::Status AtLine(size_t line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

// Whether a host that comes again says the same as before. Of two names of it, the addresses that
// both have by default may differ.
absl::Status CheckSameAddresses(const Entry& again, const Entry& first) {
  const std::vector<std::string>& addresses = again.member.addresses;
  const bool both_default = !again.has_given_addresses && !first.has_given_addresses;
  if (both_default || addresses == first.member.addresses) return absl::OkStatus();
  return AtLine(again.line, absl::StrCat("the host ", Shown(again.member.name), " has the address ",
                                         Shown(absl::StrJoin(addresses, ",")), " here and ",
                                         Shown(absl::StrJoin(first.member.addresses, ",")),
                                         " on line ", first.line));
}

// Collects members: each name once, each address once. Views are of strings in entries_, which a
// deque does not move.
class MemberCollector {
 public:
  absl::Status Add(Entry entry) {
    if (const auto known = names_.find(entry.member.name); known != names_.end()) {
      return CheckSameAddresses(entry, *known->second);
    }
    if (entries_.size() == kMembersMax) {
      return AtLine(entry.line, absl::StrCat("more than ", kMembersMax, " hosts"));
    }
    entry.place = entries_.size();
    entries_.push_back(std::move(entry));
    const Entry& added = entries_.back();
    names_.emplace(added.member.name, &added);
    (ShortHostName(added.member.name) == added.member.name ? has_short_ : has_full_) = true;
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Member>> Take() {
    names_ = {};
    if (has_short_ && has_full_) {
      if (absl::Status joined = JoinShortNames(); !joined.ok()) return joined;
    }
    if (absl::Status unique = CheckUniqueAddresses(); !unique.ok()) return unique;
    std::vector<Member> members;
    members.reserve(entries_.size());
    for (Entry& entry : entries_) members.push_back(std::move(entry.member));
    return members;
  }

 private:
  // Of a short and a full name that mean one host, the first stays.
  absl::Status JoinShortNames() {
    struct Family {
      const Entry* short_name = nullptr;
      const Entry* full_name = nullptr;
    };
    absl::flat_hash_map<absl::string_view, Family> families;
    for (const Entry& entry : entries_) {
      const absl::string_view short_name = ShortHostName(entry.member.name);
      if (short_name == entry.member.name) families[short_name].short_name = &entry;
    }
    absl::flat_hash_set<const Entry*> repeated;
    for (const Entry& entry : entries_) {
      const auto found = families.find(ShortHostName(entry.member.name));
      if (found == families.end() || found->second.short_name == &entry) continue;
      Family& family = found->second;
      if (family.full_name != nullptr) {
        return AtLine(entry.line, absl::StrCat("the short name ", Shown(found->first), " on line ",
                                               family.short_name->line, " is that of two hosts, ",
                                               Shown(entry.member.name), " and ",
                                               Shown(family.full_name->member.name), " on line ",
                                               family.full_name->line, "; write full names only"));
      }
      family.full_name = &entry;
      const bool short_is_first = family.short_name->place < entry.place;
      const Entry& first = short_is_first ? *family.short_name : entry;
      const Entry& again = short_is_first ? entry : *family.short_name;
      if (absl::Status same = CheckSameAddresses(again, first); !same.ok()) return same;
      repeated.insert(&again);
    }
    std::deque<Entry> kept;
    for (Entry& entry : entries_) {
      if (!repeated.contains(&entry)) kept.push_back(std::move(entry));
    }
    entries_ = std::move(kept);
    return absl::OkStatus();
  }

  absl::Status CheckUniqueAddresses() const {
    absl::flat_hash_map<absl::string_view, const Entry*> addresses;
    addresses.reserve(entries_.size());
    for (const Entry& entry : entries_) {
      for (const std::string& address : entry.member.addresses) {
        const auto [owner, is_new] = addresses.try_emplace(address, &entry);
        if (is_new) continue;
        return AtLine(entry.line,
                      absl::StrCat("the host ", Shown(entry.member.name), " has the address ",
                                   Shown(address), " of ", Shown(owner->second->member.name),
                                   " on line ", owner->second->line));
      }
    }
    return absl::OkStatus();
  }

  std::deque<Entry> entries_;
  absl::flat_hash_map<absl::string_view, const Entry*> names_;
  bool has_short_ = false;
  bool has_full_ = false;
};

// The members on a line that has columns.
absl::Status AddLine(const std::vector<Column>& columns, size_t line,
                     absl::string_view default_addresses, MemberCollector& collector) {
  absl::StatusOr<std::vector<std::string>> names = ExpandHosts(columns[0].text, columns[0].number);
  if (!names.ok()) return AtLine(line, names.status().message());
  if (columns.size() > 2) {
    return AtLine(line, absl::StrCat("column ", columns[2].number, ": a third column ",
                                     Shown(columns[2].text), "; a line is HOSTS [ADDRESSES]"));
  }
  const bool is_given = columns.size() == 2;
  for (std::string& name : *names) {
    auto addresses = AddressesOf(name, is_given ? columns[1].text : default_addresses);
    if (!addresses.ok()) {
      const size_t column = columns[is_given ? 1 : 0].number;
      return AtLine(line, absl::StrCat("column ", column, ": ", addresses.status().message()));
    }
    const absl::Status added =
        collector.Add({.member = {.name = std::move(name), .addresses = *std::move(addresses)},
                       .line = line,
                       .has_given_addresses = is_given});
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Member>> ParseHostList(absl::string_view text,
                                                  absl::string_view addresses) {
  MemberCollector collector;
  size_t number = 0;
  std::vector<Column> columns;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.size() > kHostLineBytesMax) {
      return AtLine(number,
                    absl::StrCat(Shown(line), " is longer than ", kHostLineBytesMax, " bytes"));
    }
    FindColumns(line, columns);
    if (columns.empty()) continue;
    if (absl::Status added = AddLine(columns, number, addresses, collector); !added.ok()) {
      return added;
    }
  }
  absl::StatusOr<std::vector<Member>> members = collector.Take();
  if (members.ok() && members->empty()) {
    return absl::InvalidArgumentError(
        "no hosts: give host names, one a line or as in nid[001-128], for example the file that "
        "$PBS_NODEFILE names, or the value of $SLURM_JOB_NODELIST");
  }
  return members;
}

absl::Status CheckAddressColumn(absl::string_view addresses) {
  return AddressesOf("n1.cluster", addresses).status();
}

}  // namespace coppice
