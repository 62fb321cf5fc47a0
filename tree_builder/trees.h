// The trees of a job: R of them, each over all of its members, by index. Knows no names.
//
// Without switches they are computed where they are asked for (rotated_tree.h); with switches they
// are held, 16 bytes a member and tree (switch_trees.h). The same figures give the same trees in
// every process. A value; const members are thread-safe.
#ifndef COPPICE_TREE_BUILDER_TREES_H_
#define COPPICE_TREE_BUILDER_TREES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "tree_builder/switch_layout.h"
#include "tree_builder/topology.h"

namespace coppice {

// More would give each backing file system more readers than it gains from, and with switches cost
// memory.
inline constexpr uint32_t kTreesMax = 64;

struct TreesOptions {
  // The most children of a member in one tree; from 1 to kFanoutMax.
  uint32_t fanout = 4;
  // From 1 to kTreesMax, and at most the members: each tree has a root of its own.
  uint32_t tree_count = 1;
  // Keeps the edges between switches few. Empty: nothing is known of them.
  SwitchLayout switches;
};

class Trees {
 public:
  // INVALID_ARGUMENT for options beyond their limits, and for trees deeper than kDepthMax.
  static absl::StatusOr<Trees> Make(uint32_t member_count, TreesOptions options);

  uint32_t member_count() const { return member_count_; }
  uint32_t fanout() const { return options_.fanout; }
  uint32_t tree_count() const { return options_.tree_count; }
  const SwitchLayout& switches() const { return options_.switches; }

  // All below: REQUIRES tree < tree_count(), member < member_count().
  uint32_t Root(uint32_t tree) const;
  // None for the root of that tree.
  std::optional<uint32_t> Parent(uint32_t tree, uint32_t member) const;
  std::vector<uint32_t> Children(uint32_t tree, uint32_t member) const;
  // From the parent up to the root; empty for the root.
  std::vector<uint32_t> Ancestors(uint32_t tree, uint32_t member) const;
  // Steps to the root.
  uint32_t Depth(uint32_t tree, uint32_t member) const;
  // Whether it has a child.
  bool IsInterior(uint32_t tree, uint32_t member) const;

 private:
  Trees(uint32_t member_count, TreesOptions options)
      : member_count_(member_count), options_(std::move(options)) {}

  uint32_t member_count_;
  TreesOptions options_;
  // One for each tree when there are switches, else none.
  std::vector<Topology> held_;
};

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_TREES_H_
