#include "deploy/coppice/tree_drawing.h"

#include <map>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using testing::ElementsAre;

// Three peers in two trees: a above b and c; and c above a, a above b.
class ThreePeers {
 public:
  ThreePeers() {
    places_["a"] = {.node = "a",
                    .tcp_address = "a:1",
                    .trees = {{.children = {{"b", "b:1", "READY"}, {"c", "c:1", "IDLE"}}},
                              {.depth = 1,
                               .ancestors = {{"c", "c:2", "READY"}},
                               .children = {{"b", "b:2", "NONE"}}}}};
    places_["b"] = {
        .node = "b",
        .tcp_address = "b:1",
        .trees = {{.depth = 1, .ancestors = {{"a", "a:1", "READY"}}},
                  {.depth = 2, .ancestors = {{"a", "a:2", "READY"}, {"c", "c:2", "NONE"}}}}};
    places_["c"] = {.node = "c",
                    .tcp_address = "c:1",
                    .trees = {{.depth = 1, .ancestors = {{"a", "a:1", "READY"}}},
                              {.children = {{"a", "a:2", "READY"}}}}};
  }

  TreeDrawing From(const std::string& node, uint32_t depth_max = UINT32_MAX) {
    return TreeDrawing(places_[node],
                       {.depth_max = depth_max,
                        .ask = [this](const std::string& address) { return Ask(address); },
                        .print = [this](absl::string_view line) { lines.emplace_back(line); }});
  }

  std::set<std::string> silent;
  std::vector<std::string> asked;
  std::vector<std::string> lines;

 private:
  absl::StatusOr<PeerPlace> Ask(const std::string& address) {
    asked.push_back(address);
    const std::string node = address.substr(0, 1);
    if (silent.contains(node)) return absl::UnavailableError("is down");
    return places_[node];
  }

  std::map<std::string, PeerPlace> places_;
};

TEST(TreeDrawingTest, EachNodeIsBelowItsParentWithTheStateOfItsChannel) {
  ThreePeers peers;
  TreeDrawing drawing = peers.From("b");
  drawing.Draw(0);
  EXPECT_THAT(peers.lines, ElementsAre("a  a:1", "  b  b:1  READY", "  c  c:1  IDLE"));
  EXPECT_EQ(drawing.silent(), 0u);
}

TEST(TreeDrawingTest, EveryTreeHasItsOwnRootAndEachPeerIsAskedOnce) {
  ThreePeers peers;
  TreeDrawing drawing = peers.From("a");
  drawing.Draw(1);
  EXPECT_THAT(peers.lines, ElementsAre("c  c:2", "  a  a:2  READY", "    b  b:2  NONE"));
  drawing.Draw(0);
  EXPECT_THAT(peers.asked, ElementsAre("c:2", "b:2"));
}

TEST(TreeDrawingTest, WhoDoesNotAnswerIsSaidToAndCountedOnce) {
  ThreePeers peers;
  peers.silent = {"c"};
  TreeDrawing drawing = peers.From("b");
  drawing.Draw(0);
  EXPECT_EQ(peers.lines.back(), "  c  c:1  does not answer");
  peers.lines.clear();
  // Its root, so that nothing else is known of this tree.
  drawing.Draw(1);
  EXPECT_THAT(peers.lines, ElementsAre("c  c:2  does not answer"));
  EXPECT_EQ(drawing.silent(), 1u);
}

TEST(TreeDrawingTest, TheDepthIsLimited) {
  ThreePeers peers;
  TreeDrawing drawing = peers.From("a", /*depth_max=*/1);
  drawing.Draw(1);
  EXPECT_THAT(peers.lines, ElementsAre("c  c:2", "  a  a:2  READY"));
  TreeDrawing root = peers.From("a", /*depth_max=*/0);
  root.Draw(0);
  EXPECT_EQ(peers.lines.back(), "a  a:1");
}

// A peer of another version, or of a tree file that has been replaced.
TEST(TreeDrawingTest, APeerThatKnowsFewerTreesHasNoChildrenInTheOthers) {
  ThreePeers peers;
  PeerPlace start = {.node = "x", .tcp_address = "x:1", .trees = {{}, {}}};
  start.trees[1].children = {{"y", "y:1", "READY"}};
  std::vector<std::string> lines;
  TreeDrawing drawing(start, {.ask = [](const std::string&) { return PeerPlace{.node = "y"}; },
                              .print = [&](absl::string_view line) { lines.emplace_back(line); }});
  drawing.Draw(1);
  EXPECT_THAT(lines, ElementsAre("x  x:1", "  y  y:1  READY"));
}

}  // namespace
}  // namespace coppice
