// Which member of a job hangs on which network switch, and which switch below which.
//
// Not the file that says so (slurm_topology.h), and not a tree of ours: a value, by index.
#ifndef COPPICE_TREE_BUILDER_SWITCH_LAYOUT_H_
#define COPPICE_TREE_BUILDER_SWITCH_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace coppice {

// Switches of one machine, and how deep they nest. Fat trees have 3 levels, some 5.
inline constexpr size_t kSwitchesMax = 200'000;
inline constexpr size_t kSwitchLevelsMax = 16;

struct Switch {
  std::string name;
  // The index of the switch above plus one; 0: none.
  uint32_t parent_plus_one = 0;

  bool operator==(const Switch&) const = default;
};

struct SwitchLayout {
  std::vector<Switch> switches;
  // One for each member, the index of its switch plus one; 0: on none that is known. No entries at
  // all: nothing is known of switches.
  std::vector<uint32_t> switch_plus_one;

  bool empty() const { return switch_plus_one.empty(); }
  bool operator==(const SwitchLayout&) const = default;
};

// INVALID_ARGUMENT for a layout that is not of so many members, an index beyond the switches, and
// switches above themselves or above kSwitchesMax or kSwitchLevelsMax. An empty layout is good.
absl::Status CheckSwitchLayout(const SwitchLayout& layout, uint32_t member_count);

// That of some of its members, in the order of their indices; all switches stay. An empty layout
// stays empty. REQUIRES: each index is below the number of members.
SwitchLayout LayoutOfSome(const SwitchLayout& layout, const std::vector<uint32_t>& members);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_SWITCH_LAYOUT_H_
