// What one peer needs to know of one tree: itself, everybody above it, and its children.
//
// A value; FindPlace is pure and thread-safe.
#ifndef COPPICE_TREE_BUILDER_TREE_PLACE_H_
#define COPPICE_TREE_BUILDER_TREE_PLACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tree_builder/member.h"
#include "tree_builder/tree_file.h"

namespace coppice {

// Somebody else of the tree, and where to reach it in this tree.
struct Neighbour {
  std::string name;
  std::string address;

  bool operator==(const Neighbour&) const = default;
};

struct TreePlace {
  // Of the member in the tree file.
  uint32_t index = 0;
  // As the tree file has it, which may be short where the node's own name is full, or the other
  // way.
  Member self;
  // Which of the trees, from 0.
  uint32_t tree = 0;
  // 0 for the root.
  uint32_t depth = 0;
  // From the parent up to the root; empty for the root.
  std::vector<Neighbour> ancestors;
  std::vector<Neighbour> children;
  uint32_t tree_size = 0;
  uint32_t fanout = 0;
};

// The place of the member with this name, or else of the only one whose name differs from it by a
// domain: "n1" and "n1.cluster" match, "n1.a" and "n1.b" do not. NOT_FOUND, with the names that
// come nearest, when there is none or more than one.
// REQUIRES: tree < tree_file.trees().tree_count().
absl::StatusOr<TreePlace> FindPlace(const TreeFile& tree_file, absl::string_view node_name,
                                    uint32_t tree = 0);

// Its places in all trees, by tree; or the same errors.
absl::StatusOr<std::vector<TreePlace>> FindPlaces(const TreeFile& tree_file,
                                                  absl::string_view node_name);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_TREE_PLACE_H_
