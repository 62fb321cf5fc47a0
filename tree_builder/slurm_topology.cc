#include "tree_builder/slurm_topology.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tree_builder/host_expression.h"

namespace coppice {
namespace {

template <typename... What>
absl::Status AtLine(size_t line, const What&... what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what...));
}

// One line that defines a switch.
struct Definition {
  std::string name;
  std::vector<std::string> nodes;
  std::vector<std::string> switches;
  size_t line;
};

absl::Status ParseWord(absl::string_view word, Definition& definition) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(word, absl::MaxSplits('=', 1));
  const auto [key, value] = parts;
  if (absl::EqualsIgnoreCase(key, "LinkSpeed")) return absl::OkStatus();
  const bool is_name = absl::EqualsIgnoreCase(key, "SwitchName");
  const bool is_nodes = absl::EqualsIgnoreCase(key, "Nodes");
  if (!is_name && !is_nodes && !absl::EqualsIgnoreCase(key, "Switches")) {
    return AtLine(definition.line, Shown(word),
                  " is not understood; a line is SwitchName=NAME Nodes=HOSTS, or Switches=NAMES");
  }
  auto names = ExpandHosts(value);
  if (!names.ok()) return AtLine(definition.line, key, ": ", names.status().message());
  if (!is_name) {
    (is_nodes ? definition.nodes : definition.switches) = *std::move(names);
    return absl::OkStatus();
  }
  if (names->size() != 1) return AtLine(definition.line, Shown(value), " is not one switch");
  definition.name = names->front();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Definition>> ParseDefinitions(absl::string_view text) {
  std::vector<Definition> definitions;
  std::string whole;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
    const bool goes_on = absl::ConsumeSuffix(&line, "\\");
    absl::StrAppend(&whole, whole.empty() ? "" : " ", line);
    if (goes_on) continue;
    Definition definition{.line = number};
    const std::string words = std::exchange(whole, "");
    for (absl::string_view word :
         absl::StrSplit(words, absl::ByAnyChar(" \t"), absl::SkipEmpty())) {
      if (absl::Status parsed = ParseWord(word, definition); !parsed.ok()) return parsed;
    }
    if (absl::StripAsciiWhitespace(words).empty()) continue;
    if (definition.name.empty()) return AtLine(number, "SwitchName= is missing");
    definitions.push_back(std::move(definition));
  }
  return definitions;
}

using Indices = absl::flat_hash_map<absl::string_view, uint32_t>;

// The index of the switch with that name plus one, or of the leaf that a host is on; 0: none.
uint32_t Find(const Indices& indices, absl::string_view name) {
  const auto found = indices.find(name);
  return found == indices.end() ? 0 : found->second;
}

// The switches with their parents. Names in `hosts` are views of the definitions.
absl::StatusOr<std::vector<Switch>> LinkSwitches(const std::vector<Definition>& definitions,
                                                 Indices& hosts) {
  Indices indices;
  std::vector<Switch> switches;
  for (const Definition& one : definitions) {
    switches.push_back({.name = one.name});
    if (!indices.emplace(one.name, switches.size()).second) {
      return AtLine(one.line, "the switch ", Shown(one.name), " comes twice");
    }
  }
  for (size_t i = 0; i < definitions.size(); ++i) {
    const Definition& one = definitions[i];
    const uint32_t plus_one = static_cast<uint32_t>(i + 1);
    for (const std::string& below : one.switches) {
      const uint32_t child = Find(indices, below);
      if (child == 0) return AtLine(one.line, "there is no switch ", Shown(below));
      uint32_t& parent = switches[child - 1].parent_plus_one;
      if (parent != 0) return AtLine(one.line, "the switch ", Shown(below), " is below two");
      parent = plus_one;
    }
    for (const std::string& host : one.nodes) {
      if (hosts.emplace(host, plus_one).second) continue;
      return AtLine(one.line, "the host ", Shown(host), " is on two switches");
    }
  }
  return switches;
}

// Without the switches above which no member is.
SwitchLayout Pruned(SwitchLayout layout) {
  std::vector<uint32_t> plus_one_of(layout.switches.size() + 1, 0);
  constexpr uint32_t kWanted = 1;
  for (const uint32_t leaf : layout.switch_plus_one) {
    for (uint32_t at = leaf; at != 0 && plus_one_of[at] == 0;) {
      plus_one_of[at] = kWanted;
      at = layout.switches[at - 1].parent_plus_one;
    }
  }
  SwitchLayout pruned;
  for (uint32_t i = 1; i < plus_one_of.size(); ++i) {
    if (plus_one_of[i] == 0) continue;
    pruned.switches.push_back(std::move(layout.switches[i - 1]));
    plus_one_of[i] = static_cast<uint32_t>(pruned.switches.size());
  }
  for (Switch& one : pruned.switches) one.parent_plus_one = plus_one_of[one.parent_plus_one];
  for (const uint32_t leaf : layout.switch_plus_one) {
    pruned.switch_plus_one.push_back(plus_one_of[leaf]);
  }
  return pruned;
}

}  // namespace

absl::StatusOr<MembersOnSwitches> ParseSlurmTopology(absl::string_view text,
                                                     const std::vector<Member>& members) {
  const absl::StatusOr<std::vector<Definition>> definitions = ParseDefinitions(text);
  if (!definitions.ok()) return definitions.status();
  Indices hosts;
  absl::StatusOr<std::vector<Switch>> switches = LinkSwitches(*definitions, hosts);
  if (!switches.ok()) return switches.status();
  // Full names are found by their first part too, where no host has it for a name.
  Indices short_names;
  for (const auto& [host, leaf] : hosts) short_names.emplace(ShortHostName(host), leaf);

  MembersOnSwitches result;
  result.layout.switches = *std::move(switches);
  for (const Member& member : members) {
    uint32_t leaf = Find(hosts, member.name);
    if (leaf == 0) leaf = Find(hosts, ShortHostName(member.name));
    if (leaf == 0) leaf = Find(short_names, member.name);
    if (leaf == 0) result.unlisted.push_back(member.name);
    result.layout.switch_plus_one.push_back(leaf);
  }
  if (result.unlisted.size() == members.size()) {
    return absl::InvalidArgumentError("none of the hosts is on a switch of it");
  }
  const absl::Status good = CheckSwitchLayout(result.layout, static_cast<uint32_t>(members.size()));
  if (!good.ok()) return good;
  result.layout = Pruned(std::move(result.layout));
  return result;
}

}  // namespace coppice
