// coppice tree, coppice stats and coppice invalidate: what a running peer is asked.
#include <cstdio>
#include <deque>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "deploy/coppice/running_services.h"
#include "deploy/coppice/verb.h"
#include "deploy/inspection_client.h"
#include "deploy/launch_options.h"
#include "deploy/state_directory.h"
#include "deploy/table.h"

namespace coppice {
namespace {

constexpr char kTree[] = "tree";
constexpr char kStats[] = "stats";
constexpr char kInvalidate[] = "invalidate";
constexpr int kExitNotAll = 3;
// Of a whole tree, to its last mount.
constexpr absl::Duration kForgetMax = absl::Minutes(2);
// More of a tree is not drawn.
constexpr size_t kDrawnNodesMax = 100'000;

constexpr char kTreeDescription[] =
    "Draws the tree: each node below its parent, with its address and the state of the channel "
    "that\n"
    "the parent keeps to it. Asks the peers themselves, over the network.";
constexpr char kTreeExamples[] =
    "Examples:\n"
    "  coppice tree\n"
    "  coppice tree --depth=1\n"
    "      the root and its children only\n"
    "Exit codes: 0 every node answered, 1 the first did not, 2 usage, 3 some did not.";
constexpr char kStatsDescription[] =
    "Prints the counters of a node: of every layer, and of its mounts. docs/operations.md says "
    "what\n"
    "each counts; gauges apart, they only rise.";
constexpr char kStatsExamples[] =
    "Examples:\n"
    "  coppice stats\n"
    "  coppice stats --node=node2 --layer=block_cache\n"
    "  coppice stats --peer=nid001:7117\n"
    "Exit codes: 0 done, 1 no answer, 2 usage.";
constexpr char kInvalidateDescription[] =
    "Makes every node of the tree, and the kernel of each, forget a path: they see it as it is "
    "now.\n"
    "For what was changed in place while the service runs.";
constexpr char kInvalidateExamples[] =
    "Examples:\n"
    "  coppice invalidate /lus/project/input.h5\n"
    "  coppice invalidate --recursive /lus/project/venv\n"
    "Exit codes: 0 all have forgotten, 1 it could not be asked, 2 usage, 3 some did not forget.";

struct PeerOptions {
  NodeChoice choice = {.state_root = StateDirectory::DefaultRoot()};
  // Instead of a node of this machine.
  std::string peer;
};

void AddOptions(CLI::App& app, PeerOptions& options) {
  app.add_option("--name", options.choice.service, "the service, where there are several");
  app.add_option("--node", options.choice.node,
                 "the node of it that is asked (default: the first)");
  app.add_option("--peer", options.peer, "another peer: its unix socket, or HOST:PORT")
      ->type_name("PEER");
  app.add_option("--state_root", options.choice.state_root, "where launch kept its state")
      ->capture_default_str();
}

absl::StatusOr<std::string> PeerOf(const PeerOptions& options) {
  if (!options.peer.empty()) return options.peer;
  auto node = ChooseNode(options.choice);
  if (!node.ok()) return node.status();
  return node->socket;
}

struct DrawnNode {
  PeerNeighbour who;
  uint32_t depth = 0;
};

// Depth first, as it is read. Returns how many did not answer.
size_t DrawBelow(const PeerPlace& root, uint32_t depth_max) {
  std::deque<DrawnNode> open = {{{root.node, root.tcp_address, "READY"}, 0}};
  size_t silent = 0;
  for (size_t drawn = 0; !open.empty() && drawn < kDrawnNodesMax; ++drawn) {
    const DrawnNode node = open.front();
    open.pop_front();
    std::vector<PeerNeighbour> children = root.children;
    std::string state = node.who.channel;
    if (drawn > 0) {
      const auto place = AskPeerPlace(node.who.address, absl::Now() + kAnswerMax);
      if (!place.ok()) {
        ++silent;
        state = "does not answer";
      }
      children = place.ok() ? place->children : std::vector<PeerNeighbour>();
    }
    printf("%s%s  %s%s%s\n", std::string(size_t{2} * node.depth, ' ').c_str(),
           node.who.node.c_str(), node.who.address.c_str(), drawn == 0 ? "" : "  ",
           drawn == 0 ? "" : state.c_str());
    if (node.depth == depth_max) continue;
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      open.push_front({*child, node.depth + 1});
    }
  }
  return silent;
}

std::vector<std::vector<std::string>> Rows(const std::string& layer, const Counters& counters) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, count] : counters) {
    const bool bytes = name == "bytes" || name.ends_with("_bytes");
    rows.push_back({layer, name, FormatCount(count), bytes ? FormatBytes(count) : ""});
  }
  return rows;
}

}  // namespace

int TreeMain(const std::vector<std::string>& arguments) {
  PeerOptions options;
  uint32_t depth = UINT32_MAX;
  CLI::App app(kTreeDescription, kTree);
  app.footer(kTreeExamples);
  app.add_option("--depth", depth, "how far down (default: all)")->type_name("N");
  AddOptions(app, options);
  if (const auto code = ParseVerb(app, arguments); code.has_value()) return *code;
  const auto peer = PeerOf(options);
  if (!peer.ok()) return Fail(kTree, peer.status());
  auto place = AskPeerPlace(*peer, absl::Now() + kAnswerMax);
  if (place.ok() && !place->ancestors.empty()) {
    place = AskPeerPlace(place->ancestors.back().address, absl::Now() + kAnswerMax);
  }
  if (!place.ok()) return Fail(kTree, place.status());
  printf("%u nodes, fan-out %u, showing %s\n", place->tree_size, place->fanout,
         place->export_root.c_str());
  const size_t silent = DrawBelow(*place, depth);
  if (silent > 0) SayAs(kTree, absl::StrCat(silent, " did not answer"));
  return silent == 0 ? 0 : kExitNotAll;
}

int StatsMain(const std::vector<std::string>& arguments) {
  PeerOptions options;
  std::string layer;
  CLI::App app(kStatsDescription, kStats);
  app.footer(kStatsExamples);
  app.add_option("--layer", layer, "only this one, such as block_cache, backing or mount");
  AddOptions(app, options);
  if (const auto code = ParseVerb(app, arguments); code.has_value()) return *code;
  const auto peer = PeerOf(options);
  if (!peer.ok()) return Fail(kStats, peer.status());
  const auto statistics = AskPeerStatistics(*peer, absl::Now() + kAnswerMax);
  if (!statistics.ok()) return Fail(kStats, statistics.status());
  Table table({"layer", "counter", "value", ""}, /*align_left=*/true);
  bool any = false;
  const auto add = [&](const std::string& name, const Counters& counters) {
    if (!layer.empty() && layer != name) return;
    for (std::vector<std::string>& row : Rows(name, counters)) table.AddRow(std::move(row));
    any = true;
  };
  for (const auto& [name, counters] : statistics->layers) add(name, counters);
  for (const MountCounters& mount : statistics->mounts) add("mount", mount.counters);
  if (!any) {
    SayAs(kStats, absl::StrCat("the peer has no layer '", layer, "'"));
    return kExitFailure;
  }
  printf("%s\n%s", statistics->node.c_str(), table.Text().c_str());
  return 0;
}

int InvalidateMain(const std::vector<std::string>& arguments) {
  PeerOptions options;
  std::string path;
  bool recursive = false;
  CLI::App app(kInvalidateDescription, kInvalidate);
  app.footer(kInvalidateExamples);
  app.add_option("path", path, "what has changed; through the mount or not")
      ->type_name("PATH")
      ->required();
  app.add_flag("--recursive", recursive, "also everything below it");
  AddOptions(app, options);
  if (const auto code = ParseVerb(app, arguments); code.has_value()) return *code;
  const auto peer = PeerOf(options);
  if (!peer.ok()) return Fail(kInvalidate, peer.status());
  const auto place = AskPeerPlace(*peer, absl::Now() + kAnswerMax);
  if (!place.ok()) return Fail(kInvalidate, place.status());
  std::string absolute = (std::filesystem::path(FindLaunchSurroundings().working_directory) / path)
                             .lexically_normal()
                             .string();
  while (absolute.size() > 1 && absolute.back() == '/') absolute.pop_back();
  std::string below = Below(absolute, place->export_root);
  const auto node = ChooseNode(options.choice);
  if (node.ok() && options.peer.empty() && IsWithin(absolute, node->mount_point)) {
    below = Below(absolute, node->mount_point);
  } else if (!IsWithin(absolute, place->export_root)) {
    SayAs(kInvalidate, absl::StrCat("'", absolute, "' is not below '", place->export_root,
                                    "', which is all that is shown"));
    return kExitFailure;
  }
  const auto forgotten = AskToForget(*peer, below, recursive, absl::Now() + kForgetMax);
  if (!forgotten.ok()) return Fail(kInvalidate, forgotten.status());
  printf("%u nodes and %u mounts have forgotten '%s'\n", forgotten->nodes, forgotten->mounts,
         absolute.c_str());
  for (const std::string& failure : forgotten->failures) SayAs(kInvalidate, failure);
  return forgotten->failures.empty() ? 0 : kExitNotAll;
}

}  // namespace coppice
