#include "tree_builder/tree_costs.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tree_builder/member.h"
#include "tree_builder/rotated_tree.h"
#include "tree_builder/topology.h"

namespace coppice {
namespace {

constexpr double kMicrosecond = 1e-6;
constexpr double kMegabyte = 1e6;

struct Constant {
  absl::string_view name;
  double TreeCosts::*value;
  absl::string_view meaning;
};

constexpr Constant kConstants[] = {
    {"hop_us", &TreeCosts::hop_us, "a request and its answer over one hop"},
    {"child_us", &TreeCosts::child_us, "a parent's time for each further child"},
    {"bandwidth_mb_per_s", &TreeCosts::bandwidth_mb_per_s, "what leaves a node; 10^6 bytes"},
};

}  // namespace

TreeFigures RotatedTreeFigures(uint32_t member_count, uint32_t fanout, uint32_t tree_count) {
  const uint64_t interior = RotatedTree::InteriorCount(member_count, fanout);
  return {.height = RotatedTree(member_count, fanout, 0).Height(),
          .fanout = fanout,
          .tree_count = tree_count,
          .interior_trees_max =
              static_cast<uint32_t>((interior * tree_count + member_count - 1) / member_count)};
}

double SmallObjectSeconds(const TreeCosts& costs, const TreeFigures& figures) {
  return figures.height * (costs.hop_us + figures.fanout * costs.child_us) * kMicrosecond;
}

double LargeObjectSeconds(const TreeCosts& costs, const TreeFigures& figures, double bytes) {
  if (figures.height == 0) return 0;
  const double bytes_per_s = costs.bandwidth_mb_per_s * kMegabyte;
  // Times that the object leaves the busiest node; nobody gets it faster than once.
  const double copies =
      std::max(1.0, double{1} * figures.interior_trees_max * figures.fanout / figures.tree_count);
  const double first_block = std::min(bytes, kCutThroughBytes);
  return copies * bytes / bytes_per_s +
         figures.height *
             (costs.hop_us * kMicrosecond + figures.fanout * first_block / bytes_per_s);
}

double WorkloadSeconds(const TreeCosts& costs, const TreeFigures& figures,
                       const TreeWorkload& workload) {
  return workload.small_requests * SmallObjectSeconds(costs, figures) +
         LargeObjectSeconds(costs, figures, workload.large_bytes);
}

uint32_t BestFanout(const TreeCosts& costs, uint32_t member_count, uint32_t tree_count,
                    const TreeWorkload& workload) {
  uint32_t best = 0;
  double best_seconds = 0;
  const uint32_t most = std::clamp(member_count - 1, uint32_t{1}, kFanoutMax);
  for (uint32_t fanout = 1; fanout <= most; ++fanout) {
    const TreeFigures figures = RotatedTreeFigures(member_count, fanout, tree_count);
    if (figures.height > kDepthMax) continue;
    const double seconds = WorkloadSeconds(costs, figures, workload);
    if (best != 0 && seconds >= best_seconds) continue;
    best = fanout;
    best_seconds = seconds;
  }
  return best;
}

std::string TreeCostsText(const TreeCosts& costs) {
  std::string text;
  for (const Constant& constant : kConstants) {
    absl::StrAppend(&text, absl::StrFormat("%-20s %10.6g  # %s\n", constant.name,
                                           costs.*constant.value, constant.meaning));
  }
  return text;
}

absl::StatusOr<TreeCosts> ParseTreeCosts(absl::string_view text) {
  TreeCosts costs;
  std::set<absl::string_view> seen;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const auto wrong = [number](const auto&... what) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", what...));
    };
    const std::vector<absl::string_view> words =
        absl::StrSplit(line.substr(0, line.find('#')), absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty()) continue;
    const auto* const constant =
        std::find_if(std::begin(kConstants), std::end(kConstants),
                     [&words](const Constant& one) { return one.name == words[0]; });
    if (constant == std::end(kConstants)) {
      return wrong("no constant is called ", Shown(words[0]),
                   "; there are hop_us, child_us and bandwidth_mb_per_s");
    }
    double value = 0;
    if (words.size() != 2 || !absl::SimpleAtod(words[1], &value) || !std::isfinite(value) ||
        value <= 0) {
      return wrong(words[0], " takes one number above zero, not ", Shown(line));
    }
    if (!seen.insert(constant->name).second) return wrong(words[0], " comes twice");
    costs.*constant->value = value;
  }
  return costs;
}

}  // namespace coppice
