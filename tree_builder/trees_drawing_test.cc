#include "tree_builder/trees_drawing.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TreeFile Make(uint32_t count, TreesOptions options) {
  std::vector<Member> members;
  for (uint32_t i = 0; i < count; ++i) {
    members.push_back({absl::StrCat("n", i), {absl::StrCat("n", i, ":1")}});
  }
  return TreeFile::Make(std::move(members), std::move(options)).value();
}

TEST(TreesDrawingTest, TextIsIndentedByDepth) {
  EXPECT_EQ(DrawTrees(Make(4, {.fanout = 2, .tree_count = 2}), DrawingFormat::kText),
            "tree 0\n  n0\n    n1\n      n3\n    n2\n"
            "tree 1\n  n2\n    n3\n      n1\n    n0\n");
}

TEST(TreesDrawingTest, DotHasAClusterForEachTreeAndDashesBetweenSwitches) {
  TreesOptions options = {.fanout = 2, .tree_count = 1};
  options.switches = {.switches = {{"a", 0}, {"b", 0}}, .switch_plus_one = {1, 1, 2}};
  const std::string text = DrawTrees(Make(3, options), DrawingFormat::kDot);
  EXPECT_EQ(text,
            "digraph coppice {\n"
            "  subgraph cluster_0 {\n"
            "    label=\"tree 0\";\n"
            "    t0_0 [label=\"n0\"];\n"
            "    t0_1 [label=\"n1\"];\n"
            "    t0_2 [label=\"n2\"];\n"
            "    t0_0 -> t0_1;\n"
            "    t0_0 -> t0_2 [style=dashed];\n"
            "  }\n"
            "}\n");
}

TEST(TreesDrawingTest, JsonListsEdges) {
  EXPECT_EQ(
      DrawTrees(Make(3, {.fanout = 2, .tree_count = 2}), DrawingFormat::kJson),
      "{\"hosts\": 3, \"fanout\": 2, \"trees\": [\n"
      "  {\"root\": \"n0\", \"missing\": 0, \"edges\": [[\"n0\", \"n1\"], [\"n0\", \"n2\"]]},\n"
      "  {\"root\": \"n1\", \"missing\": 0, \"edges\": [[\"n1\", \"n2\"], [\"n1\", \"n0\"]]}\n"
      "]}\n");
}

TEST(TreesDrawingTest, OneHostIsDrawn) {
  EXPECT_EQ(DrawTrees(Make(1, {}), DrawingFormat::kText), "tree 0\n  n0\n");
}

TEST(TreesDrawingTest, ALargeTreeIsCutWithANote) {
  const TreeFile tree_file = Make(10'000, {.fanout = 3});
  const std::string text = DrawTrees(tree_file, DrawingFormat::kText, 5);
  EXPECT_EQ(
      text,
      "tree 0\n  n0\n    n1 (and 2 children)\n      n4 (and 3 children)\n    n2 (and 3 children)\n"
      "    n3 (and 3 children)\n"
      "  # 9995 hosts farther down are not drawn (--draw_max)\n");
  EXPECT_THAT(DrawTrees(tree_file, DrawingFormat::kDot, 5),
              HasSubstr("t0_missing [shape=plaintext, label=\"9995 hosts"));
  EXPECT_THAT(DrawTrees(tree_file, DrawingFormat::kJson, 5), HasSubstr("\"missing\": 9995"));
  EXPECT_THAT(DrawTrees(tree_file, DrawingFormat::kText), Not(HasSubstr("n1000\n")));
}

}  // namespace
}  // namespace coppice
