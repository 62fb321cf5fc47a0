#include "tree_builder/trees_report.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tree_builder/member.h"

namespace coppice {
namespace {

constexpr uint32_t kRootsShownMax = 8;
// In the numbering of places where switches would be: a member that stands for itself.
constexpr uint64_t kItself = uint64_t{1} << 32;

// For each level, lowest first, and each member, the switch that it is below there. Levels are
// counted from the switch that the member hangs on; above the last one there is nothing to cross.
std::vector<std::vector<uint64_t>> PlacesByLevel(const SwitchLayout& layout) {
  std::vector<std::vector<uint64_t>> levels;
  std::vector<uint32_t> at = layout.switch_plus_one;
  while (std::any_of(at.begin(), at.end(), [](uint32_t one) { return one != 0; })) {
    std::vector<uint64_t>& places = levels.emplace_back();
    for (uint32_t i = 0; i < at.size(); ++i) {
      places.push_back(at[i] != 0 ? at[i] : kItself + i);
      if (at[i] != 0) at[i] = layout.switches[at[i] - 1].parent_plus_one;
    }
  }
  return levels;
}

std::vector<SwitchLevelReport> ReportOnSwitches(const Trees& trees) {
  std::vector<SwitchLevelReport> reports;
  for (const std::vector<uint64_t>& places : PlacesByLevel(trees.switches())) {
    SwitchLevelReport& report = reports.emplace_back();
    report.fewest = static_cast<uint32_t>(std::set(places.begin(), places.end()).size()) - 1;
    for (uint32_t tree = 0; tree < trees.tree_count(); ++tree) {
      uint32_t edges = 0;
      for (uint32_t i = 0; i < trees.member_count(); ++i) {
        const auto parent = trees.Parent(tree, i);
        if (parent.has_value() && places[i] != places[*parent]) ++edges;
      }
      report.edges.push_back(edges);
    }
  }
  return reports;
}

std::string SecondsText(double seconds) {
  if (seconds < 1e-3) return absl::StrFormat("%.0f us", seconds * 1e6);
  return seconds < 1 ? absl::StrFormat("%.3g ms", seconds * 1e3)
                     : absl::StrFormat("%.3g s", seconds);
}

std::string RootsText(const TreeFile& tree_file) {
  const Trees& trees = tree_file.trees();
  std::string text;
  const uint32_t shown = std::min(trees.tree_count(), kRootsShownMax);
  for (uint32_t tree = 0; tree < shown; ++tree) {
    absl::StrAppend(&text, tree == 0 ? "" : ", ", tree_file.members()[trees.Root(tree)].name);
  }
  if (shown < trees.tree_count()) absl::StrAppend(&text, ", ...");
  return text;
}

void AppendSwitches(const TreesReport& report, std::string& text) {
  for (size_t level = 0; level < report.switch_levels.size(); ++level) {
    const SwitchLevelReport& one = report.switch_levels[level];
    const auto [least, most] = std::minmax_element(one.edges.begin(), one.edges.end());
    absl::StrAppend(&text, "switches:       ", *least,
                    *least == *most ? "" : absl::StrCat(" to ", *most),
                    " edges of a tree between switches of level ", level, "; fewer than ",
                    one.fewest, " cannot be\n");
  }
  absl::StrAppend(&text, report.switch_levels.empty()
                             ? "switches:       not known (--topology)\n"
                             : "                --fanout=auto and the times below know nothing of "
                               "switches but the depth\n");
}

}  // namespace

TreesReport ReportOn(const Trees& trees) {
  TreesReport report;
  const uint32_t count = trees.member_count();
  std::vector<uint32_t> interior(count);
  std::vector<uint64_t> copies(count);
  uint64_t all_copies = 0;
  for (uint32_t tree = 0; tree < trees.tree_count(); ++tree) {
    uint32_t height = 0;
    for (uint32_t i = 0; i < count; ++i) {
      height = std::max(height, trees.Depth(tree, i));
      if (!trees.IsInterior(tree, i)) continue;
      const uint64_t children = trees.Children(tree, i).size();
      ++interior[i];
      copies[i] += children;
      all_copies += children;
    }
    report.heights.push_back(height);
  }
  report.members_by_interior_trees.resize(*std::max_element(interior.begin(), interior.end()) + 1);
  for (const uint32_t times : interior) ++report.members_by_interior_trees[times];
  const double trees_count = trees.tree_count();
  report.copies_max =
      static_cast<double>(*std::max_element(copies.begin(), copies.end())) / trees_count;
  report.copies_mean = static_cast<double>(all_copies) / trees_count / count;
  report.figures = {
      .height = *std::max_element(report.heights.begin(), report.heights.end()),
      .fanout = trees.fanout(),
      .tree_count = trees.tree_count(),
      .interior_trees_max = static_cast<uint32_t>(report.members_by_interior_trees.size() - 1)};
  report.switch_levels = ReportOnSwitches(trees);
  return report;
}

std::string ExplainTrees(const TreeFile& tree_file, const TreeCosts& costs,
                         const TreeWorkload& workload) {
  const Trees& trees = tree_file.trees();
  const TreesReport report = ReportOn(trees);
  std::string text = absl::StrCat(
      "hosts:          ", trees.member_count(), "\ntrees:          ", trees.tree_count(),
      "; roots ", RootsText(tree_file), "\nfan-out:        ", trees.fanout(),
      "\ndepth:          ", report.figures.height, " hops to the farthest root\n");
  absl::StrAppend(&text, "interior:       a host in at most ", report.figures.interior_trees_max,
                  " trees;");
  for (size_t i = 0; i < report.members_by_interior_trees.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? " " : ", ", report.members_by_interior_trees[i], " hosts in ",
                    i);
  }
  absl::StrAppend(&text, "\n");
  absl::StrAppend(&text, absl::StrFormat("sent:           each byte leaves the busiest host %.3g "
                                         "times, a host on average %.3g times\n",
                                         report.copies_max, report.copies_mean));
  AppendSwitches(report, text);
  absl::StrAppend(&text, absl::StrFormat("predicted:      with hop_us %.4g, child_us %.4g, "
                                         "bandwidth_mb_per_s %.4g (--costs)\n",
                                         costs.hop_us, costs.child_us, costs.bandwidth_mb_per_s));
  absl::StrAppend(&text, "small object:   ", SecondsText(SmallObjectSeconds(costs, report.figures)),
                  " until the last host has it\n");
  absl::StrAppend(
      &text,
      absl::StrFormat("large object:   %s for %.4g MB\n",
                      SecondsText(LargeObjectSeconds(costs, report.figures, workload.large_bytes)),
                      workload.large_bytes / 1e6));
  absl::StrAppend(&text,
                  absl::StrFormat("workload:       %s for %.4g small requests in turn and "
                                  "the large object\n",
                                  SecondsText(WorkloadSeconds(costs, report.figures, workload)),
                                  workload.small_requests));
  return text;
}

}  // namespace coppice
