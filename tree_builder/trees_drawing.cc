#include "tree_builder/trees_drawing.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace coppice {
namespace {

// The members of a tree that are drawn, level by level, and the place in it of each one's parent.
struct Selection {
  std::vector<uint32_t> members;
  std::vector<size_t> parents;
  // Children of each that are not drawn.
  std::vector<uint32_t> children_missing;
  uint32_t missing = 0;
};

Selection Select(const Trees& trees, uint32_t tree, uint32_t members_max) {
  Selection drawn{.members = {trees.Root(tree)}, .parents = {0}};
  for (size_t i = 0; i < drawn.members.size(); ++i) {
    drawn.children_missing.push_back(0);
    for (const uint32_t child : trees.Children(tree, drawn.members[i])) {
      if (drawn.members.size() >= members_max) {
        ++drawn.children_missing[i];
        continue;
      }
      drawn.members.push_back(child);
      drawn.parents.push_back(i);
    }
  }
  drawn.missing = trees.member_count() - static_cast<uint32_t>(drawn.members.size());
  return drawn;
}

std::string MissingText(uint32_t missing) {
  return absl::StrCat(missing, " hosts farther down are not drawn (--draw_max)");
}

// Depth first, which a tree of at most kDepthMax levels allows without recursion: each line is made
// when its member is met, and sorted in behind its parent.
void DrawText(const TreeFile& tree_file, const Selection& drawn, std::string& text) {
  std::vector<std::vector<size_t>> children(drawn.members.size());
  for (size_t i = 1; i < drawn.members.size(); ++i) children[drawn.parents[i]].push_back(i);
  std::vector<std::pair<size_t, uint32_t>> stack = {{0, 1}};
  while (!stack.empty()) {
    const auto [at, level] = stack.back();
    stack.pop_back();
    absl::StrAppend(&text, std::string(2 * level, ' '),
                    tree_file.members()[drawn.members[at]].name);
    if (drawn.children_missing[at] > 0) {
      absl::StrAppend(&text, " (and ", drawn.children_missing[at], " children)");
    }
    text += "\n";
    for (auto child = children[at].rbegin(); child != children[at].rend(); ++child) {
      stack.emplace_back(*child, level + 1);
    }
  }
  if (drawn.missing > 0) absl::StrAppend(&text, "  # ", MissingText(drawn.missing), "\n");
}

void DrawDot(const TreeFile& tree_file, const Selection& drawn, uint32_t tree, std::string& text) {
  const SwitchLayout& layout = tree_file.trees().switches();
  absl::StrAppend(&text, "  subgraph cluster_", tree, " {\n    label=\"tree ", tree, "\";\n");
  for (const uint32_t member : drawn.members) {
    absl::StrAppend(&text, "    t", tree, "_", member, " [label=\"",
                    tree_file.members()[member].name, "\"];\n");
  }
  for (size_t i = 1; i < drawn.members.size(); ++i) {
    const uint32_t child = drawn.members[i];
    const uint32_t parent = drawn.members[drawn.parents[i]];
    const bool leaves_switch =
        !layout.empty() && layout.switch_plus_one[child] != layout.switch_plus_one[parent];
    absl::StrAppend(&text, "    t", tree, "_", parent, " -> t", tree, "_", child,
                    leaves_switch ? " [style=dashed]" : "", ";\n");
  }
  if (drawn.missing > 0) {
    absl::StrAppend(&text, "    t", tree, "_missing [shape=plaintext, label=\"",
                    MissingText(drawn.missing), "\"];\n");
  }
  text += "  }\n";
}

// Host names have no character that JSON would need to escape.
void DrawJson(const TreeFile& tree_file, const Selection& drawn, uint32_t tree, std::string& text) {
  const std::vector<Member>& members = tree_file.members();
  absl::StrAppend(&text, tree == 0 ? "" : ",\n", "  {\"root\": \"", members[drawn.members[0]].name,
                  "\", \"missing\": ", drawn.missing, ", \"edges\": [");
  for (size_t i = 1; i < drawn.members.size(); ++i) {
    absl::StrAppend(&text, i == 1 ? "" : ", ", "[\"", members[drawn.members[drawn.parents[i]]].name,
                    "\", \"", members[drawn.members[i]].name, "\"]");
  }
  text += "]}";
}

}  // namespace

std::string DrawTrees(const TreeFile& tree_file, DrawingFormat format, uint32_t members_max) {
  const Trees& trees = tree_file.trees();
  std::string text;
  if (format == DrawingFormat::kDot) text = "digraph coppice {\n";
  if (format == DrawingFormat::kJson) {
    text = absl::StrCat("{\"hosts\": ", trees.member_count(), ", \"fanout\": ", trees.fanout(),
                        ", \"trees\": [\n");
  }
  for (uint32_t tree = 0; tree < trees.tree_count(); ++tree) {
    const Selection drawn = Select(trees, tree, members_max);
    switch (format) {
      case DrawingFormat::kText:
        absl::StrAppend(&text, "tree ", tree, "\n");
        DrawText(tree_file, drawn, text);
        break;
      case DrawingFormat::kDot:
        DrawDot(tree_file, drawn, tree, text);
        break;
      case DrawingFormat::kJson:
        DrawJson(tree_file, drawn, tree, text);
        break;
    }
  }
  if (format == DrawingFormat::kDot) text += "}\n";
  if (format == DrawingFormat::kJson) text += "\n]}\n";
  return text;
}

}  // namespace coppice
