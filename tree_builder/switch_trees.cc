#include "tree_builder/switch_trees.h"

#include <algorithm>
#include <utility>

namespace coppice {
namespace {

// A switch, or above all of them the machine.
struct Group {
  uint32_t parent = 0;
  // On the switch itself.
  std::vector<uint32_t> members;
  // Below it, with members.
  std::vector<uint32_t> groups;
  // Of members below it, and how often they were interior in the trees so far.
  uint32_t size = 0;
  uint64_t interior = 0;
  // How many of them were roots.
  uint32_t roots = 0;

  // In the tree under way: the next of each to place, the members in `groups` that are not placed,
  // and the children that placed members below the switch may still get.
  size_t next_member = 0;
  size_t next_group = 0;
  uint32_t unstarted = 0;
  uint64_t open = 0;
  bool started = false;
};

// Levels until `count` members are placed, when `open` of them can be placed at once and each may
// have `fanout` below it.
uint32_t LevelsFor(uint64_t count, uint64_t open, uint64_t fanout) {
  uint32_t levels = 0;
  // With a fan-out of 1 it would be a loop over the members; order is all that matters.
  if (fanout == 1) return static_cast<uint32_t>(count);
  for (uint64_t placed = 0; placed < count; ++levels) {
    placed += open;
    open *= fanout;
  }
  return levels;
}

class SwitchTreeBuilder {
 public:
  SwitchTreeBuilder(uint32_t fanout, const SwitchLayout& layout)
      : fanout_(fanout),
        member_count_(static_cast<uint32_t>(layout.switch_plus_one.size())),
        top_(static_cast<uint32_t>(layout.switches.size())),
        groups_(layout.switches.size() + 1),
        group_of_(member_count_),
        interior_(member_count_),
        was_root_(member_count_) {
    for (uint32_t i = 0; i < top_; ++i) {
      const uint32_t above = layout.switches[i].parent_plus_one;
      groups_[i].parent = above == 0 ? top_ : above - 1;
    }
    for (uint32_t i = 0; i < member_count_; ++i) {
      const uint32_t plus_one = layout.switch_plus_one[i];
      group_of_[i] = plus_one == 0 ? top_ : plus_one - 1;
      groups_[group_of_[i]].members.push_back(i);
      ForEachAbove(group_of_[i], [](Group& group) { ++group.size; });
    }
    for (uint32_t i = 0; i < top_; ++i) {
      if (groups_[i].size > 0) groups_[groups_[i].parent].groups.push_back(i);
    }
  }

  absl::StatusOr<Topology> Next() {
    StartTree();
    parent_plus_one_.assign(member_count_, 0);
    queue_.clear();
    const uint32_t root = ChooseRoot();
    was_root_[root] = true;
    ForEachAbove(group_of_[root], [](Group& group) { ++group.roots; });
    PlaceAt(root, group_of_[root]);
    for (size_t i = 0; i < queue_.size(); ++i) GiveChildren(queue_[i]);
    return Topology::FromParents(parent_plus_one_, fanout_);
  }

 private:
  template <typename Function>
  void ForEachAbove(uint32_t group, Function function) {
    for (;; group = groups_[group].parent) {
      function(groups_[group]);
      if (group == top_) return;
    }
  }

  // Those come first that were interior least often; of groups, those that need the most levels.
  void StartTree() {
    for (Group& group : groups_) {
      std::stable_sort(group.members.begin(), group.members.end(),
                       [this](uint32_t a, uint32_t b) { return interior_[a] < interior_[b]; });
      std::stable_sort(group.groups.begin(), group.groups.end(), [this](uint32_t a, uint32_t b) {
        const uint32_t levels_a = LevelsFor(groups_[a].size, 1, fanout_);
        const uint32_t levels_b = LevelsFor(groups_[b].size, 1, fanout_);
        return levels_a != levels_b ? levels_a > levels_b : DidLess(a, b);
      });
      group.next_member = 0;
      group.next_group = 0;
      group.open = 0;
      group.started = false;
      group.unstarted = group.size - static_cast<uint32_t>(group.members.size());
    }
  }

  // The first member, and in further trees one that was none yet: on the way down from the machine,
  // below the switches that did least.
  uint32_t ChooseRoot() const {
    const auto has_other = [this](uint32_t group) {
      return groups_[group].roots < groups_[group].size;
    };
    if (groups_[top_].roots == 0) return 0;
    uint32_t group = top_;
    while (true) {
      uint32_t best = kNone;
      for (const uint32_t below : groups_[group].groups) {
        if (has_other(below) && (best == kNone || DidLess(below, best))) best = below;
      }
      if (best == kNone) break;
      group = best;
    }
    const std::vector<uint32_t>& members = groups_[group].members;
    return *std::find_if(members.begin(), members.end(),
                         [this](uint32_t member) { return !was_root_[member]; });
  }

  // For its size.
  bool DidLess(uint32_t a, uint32_t b) const {
    return groups_[a].interior * groups_[b].size < groups_[b].interior * groups_[a].size;
  }

  // Places a member of that group, which may be the first below several switches.
  void PlaceAt(uint32_t member, uint32_t group) {
    queue_.push_back(member);
    for (;; group = groups_[group].parent) {
      Group& here = groups_[group];
      here.open += fanout_;
      if (!here.started) {
        here.started = true;
        if (group != top_) groups_[groups_[group].parent].unstarted -= here.size;
      }
      if (group == top_) return;
    }
  }

  // The first member of the group that is not placed, if there is one; the root is out of order.
  bool HasMember(Group& group) {
    while (group.next_member < group.members.size() && IsPlaced(group.members[group.next_member])) {
      ++group.next_member;
    }
    return group.next_member < group.members.size();
  }
  bool HasGroup(Group& group) {
    while (group.next_group < group.groups.size() &&
           groups_[group.groups[group.next_group]].started) {
      ++group.next_group;
    }
    return group.next_group < group.groups.size();
  }
  bool IsPlaced(uint32_t member) const {
    return parent_plus_one_[member] != 0 || member == queue_.front();
  }

  void GiveChildren(uint32_t member) {
    for (uint32_t given = 0; given < fanout_; ++given) {
      const uint32_t chosen = ChooseGroup(group_of_[member]);
      if (chosen == kNone) {
        const uint32_t left = fanout_ - given;
        ForEachAbove(group_of_[member], [left](Group& group) { group.open -= left; });
        return;
      }
      if (given == 0) {
        ++interior_[member];
        ForEachAbove(group_of_[member], [](Group& group) { ++group.interior; });
      }
      ForEachAbove(group_of_[member], [](Group& group) { --group.open; });
      uint32_t into = chosen;
      while (HasGroup(groups_[into])) into = groups_[into].groups[groups_[into].next_group];
      // Chosen for having something left, so now a member; of one just begun, the first.
      (void)HasMember(groups_[into]);
      const uint32_t child = groups_[into].members[groups_[into].next_member];
      parent_plus_one_[child] = member + 1;
      PlaceAt(child, into);
    }
  }

  // Below which switch of those above the member its next child comes; kNone when all there are
  // placed. A switch with something left keeps a place open: the last one is for that.
  uint32_t ChooseGroup(uint32_t group) {
    uint32_t chosen = kNone;
    uint32_t levels_max = 0;
    for (;; group = groups_[group].parent) {
      Group& here = groups_[group];
      const bool has_member = HasMember(here);
      if (has_member || HasGroup(here)) {
        if (here.open == 1) return group;
        const uint64_t left = here.unstarted + (here.members.size() - here.next_member);
        uint32_t levels = LevelsFor(left, here.open, fanout_);
        if (HasGroup(here)) {
          const uint32_t size = groups_[here.groups[here.next_group]].size;
          levels = std::max(levels, LevelsFor(size, 1, fanout_));
        }
        if (levels >= levels_max) {
          levels_max = levels;
          chosen = group;
        }
      }
      if (group == top_) return chosen;
    }
  }

  static constexpr uint32_t kNone = 0xffffffff;

  const uint32_t fanout_;
  const uint32_t member_count_;
  const uint32_t top_;
  std::vector<Group> groups_;
  std::vector<uint32_t> group_of_;
  // In how many trees so far.
  std::vector<uint32_t> interior_;
  std::vector<bool> was_root_;
  // Of the tree under way.
  std::vector<uint32_t> parent_plus_one_;
  std::vector<uint32_t> queue_;
};

}  // namespace

absl::StatusOr<std::vector<Topology>> BuildSwitchTrees(uint32_t fanout, uint32_t tree_count,
                                                       const SwitchLayout& layout) {
  SwitchTreeBuilder builder(fanout, layout);
  std::vector<Topology> trees;
  for (uint32_t tree = 0; tree < tree_count; ++tree) {
    absl::StatusOr<Topology> next = builder.Next();
    if (!next.ok()) return next.status();
    trees.push_back(*std::move(next));
  }
  return trees;
}

}  // namespace coppice
