// coppice tree, coppice stats and coppice invalidate: what a running peer is asked.
#include <cstdio>
#include <numeric>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/absolute_path.h"
#include "deploy/coppice/cluster_status.h"
#include "deploy/coppice/running_services.h"
#include "deploy/coppice/tree_drawing.h"
#include "deploy/coppice/verb.h"
#include "deploy/inspection_client.h"
#include "deploy/launch_options.h"
#include "deploy/launcher/allocation.h"
#include "deploy/launcher/cluster_service.h"
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
constexpr char kAllTrees[] = "all";
// Where all trees together have more, only the first is drawn unless more is asked for.
constexpr size_t kUnaskedLinesMax = 100;

constexpr char kTreeDescription[] =
    "Draws the trees: each node below its parent, with its address and the state of the channel "
    "that\n"
    "the parent keeps to it. Asks the peers themselves, over the network.";
constexpr char kTreeExamples[] =
    "Examples:\n"
    "  coppice tree\n"
    "  coppice tree --depth=1\n"
    "      the root and its children only\n"
    "  coppice tree --tree=2\n"
    "      the third of several trees, which have different roots\n"
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
  const auto node = ChooseNode(options.choice);
  if (node.ok()) return node->socket;
  // Not of this machine, then; one on hosts is reached over the network.
  const auto remote = FindPeerOnHosts({.state_root = DefaultClusterRoot(),
                                       .service = options.choice.service,
                                       .job = JobName(ReadJobEnvironment())},
                                      options.choice.node);
  if (remote.ok()) return remote;
  return node.status();
}

// "all" or a number.
std::string CheckTree(const std::string& text) {
  uint32_t number = 0;
  if (text == kAllTrees || absl::SimpleAtoi(text, &number)) return "";
  return absl::StrCat("'", text, "' is neither ", kAllTrees, " nor the number of a tree");
}

// What --tree says; without it all, if they fit on a page. None: there is no such tree.
std::vector<uint32_t> TreesToDraw(const std::string& wanted, const PeerPlace& place) {
  const size_t count = place.trees.size();
  if (uint32_t number = 0; absl::SimpleAtoi(wanted, &number)) {
    return number < count ? std::vector<uint32_t>{number} : std::vector<uint32_t>();
  }
  std::vector<uint32_t> all(count);
  std::iota(all.begin(), all.end(), 0u);
  if (wanted.empty() && count > 1 && count * place.tree_size > kUnaskedLinesMax) {
    SayAs(kTree, absl::StrCat("this is tree 0 of ", count, "; --tree=1 to --tree=", count - 1,
                              " draw the others, --tree=all every one"));
    return {0};
  }
  return all;
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
  std::string wanted;
  CLI::App app(kTreeDescription, kTree);
  app.footer(kTreeExamples);
  app.add_option("--depth", depth, "how far down (default: all)")->type_name("N");
  app.add_option("--tree", wanted,
                 "which of several trees, from 0, or all (default: all, if they are not long)")
      ->type_name("K")
      ->check(CheckTree);
  AddOptions(app, options);
  if (const auto code = ParseVerb(app, arguments); code.has_value()) return *code;
  const auto peer = PeerOf(options);
  if (!peer.ok()) return Fail(kTree, peer.status());
  const auto ask = [](const std::string& one) {
    return AskPeerPlace(one, absl::Now() + kAnswerMax);
  };
  const auto place = ask(*peer);
  if (!place.ok()) return Fail(kTree, place.status());
  const std::vector<uint32_t> trees = TreesToDraw(wanted, *place);
  if (trees.empty()) {
    SayAs(kTree,
          absl::StrCat("there is no tree ", wanted, "; the last is ", place->trees.size() - 1));
    return kExitUsage;
  }
  const std::string count =
      place->trees.size() > 1 ? absl::StrCat(place->trees.size(), " trees, ") : "";
  printf("%u nodes, %sfan-out %u, showing %s\n", place->tree_size, count.c_str(), place->fanout,
         place->export_root.c_str());
  const auto print = [](absl::string_view line) { printf("%s\n", std::string(line).c_str()); };
  TreeDrawing drawing(*place, {.depth_max = depth, .ask = ask, .print = print});
  for (const uint32_t tree : trees) {
    if (place->trees.size() > 1) print(absl::StrCat("tree ", tree, ":"));
    drawing.Draw(tree);
  }
  if (drawing.silent() > 0) SayAs(kTree, absl::StrCat(drawing.silent(), " did not answer"));
  return drawing.silent() == 0 ? 0 : kExitNotAll;
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
  const std::string absolute = AbsolutePath(path, FindLaunchSurroundings().working_directory);
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
