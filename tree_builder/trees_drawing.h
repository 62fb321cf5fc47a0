// Draws the trees of a job: for people, for Graphviz, and for other programs.
//
// Bounded: of each tree only the first members are drawn, from the root down level by level, and
// the drawing says how many are missing. Pure, thread-safe.
#ifndef COPPICE_TREE_BUILDER_TREES_DRAWING_H_
#define COPPICE_TREE_BUILDER_TREES_DRAWING_H_

#include <cstdint>
#include <string>

#include "tree_builder/tree_file.h"

namespace coppice {

enum class DrawingFormat {
  // Indented names.
  kText,
  // A digraph of Graphviz; edges between switches are dashed.
  kDot,
  // {"hosts", "fanout", "trees": [{"root", "missing", "edges": [[parent, child], ...]}, ...]}.
  kJson,
};

// Members of each tree.
inline constexpr uint32_t kDrawnMembersMax = 1000;

std::string DrawTrees(const TreeFile& tree_file, DrawingFormat format,
                      uint32_t members_max = kDrawnMembersMax);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_TREES_DRAWING_H_
