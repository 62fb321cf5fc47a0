#include "tree_builder/switch_layout.h"

#include "absl/strings/str_cat.h"
#include "tree_builder/member.h"

namespace coppice {

absl::Status CheckSwitchLayout(const SwitchLayout& layout, uint32_t member_count) {
  const auto wrong = [](const auto&... what) {
    return absl::InvalidArgumentError(absl::StrCat(what...));
  };
  const std::vector<Switch>& switches = layout.switches;
  if (switches.size() > kSwitchesMax) return wrong("more than ", kSwitchesMax, " switches");
  for (const Switch& one : switches) {
    size_t levels = 1;
    for (uint32_t above = one.parent_plus_one; above != 0; ++levels) {
      if (above > switches.size()) {
        return wrong("the switch ", Shown(one.name), " is below switch ", above - 1,
                     ", but the last one is ", switches.size() - 1);
      }
      if (levels == kSwitchLevelsMax) {
        return wrong("the switch ", Shown(one.name), " is below itself, or has ", kSwitchLevelsMax,
                     " switches above it or more");
      }
      above = switches[above - 1].parent_plus_one;
    }
  }
  if (layout.empty()) return absl::OkStatus();
  if (layout.switch_plus_one.size() != member_count) {
    return wrong("switches of ", layout.switch_plus_one.size(), " members instead of ",
                 member_count);
  }
  for (size_t i = 0; i < member_count; ++i) {
    if (layout.switch_plus_one[i] <= switches.size()) continue;
    return wrong("member ", i, " is on switch ", layout.switch_plus_one[i] - 1,
                 ", but there are only ", switches.size());
  }
  return absl::OkStatus();
}

SwitchLayout LayoutOfSome(const SwitchLayout& layout, const std::vector<uint32_t>& members) {
  SwitchLayout some;
  if (layout.empty()) return some;
  some.switches = layout.switches;
  some.switch_plus_one.reserve(members.size());
  for (const uint32_t member : members) {
    some.switch_plus_one.push_back(layout.switch_plus_one[member]);
  }
  return some;
}

}  // namespace coppice
