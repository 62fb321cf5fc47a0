// tree_builder: a host list in, a tree file out.
//
// Exit codes: 0 done, 1 the hosts cannot be read or are wrong, 2 the command line is wrong. Nothing
// is on standard output unless all of it is.
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "tree_builder/builder_flags.h"
#include "tree_builder/cost_calibration.h"
#include "tree_builder/folded_hosts.h"
#include "tree_builder/host_list.h"
#include "tree_builder/read_text.h"
#include "tree_builder/slurm_topology.h"
#include "tree_builder/tree_costs.h"
#include "tree_builder/tree_file.h"
#include "tree_builder/trees_drawing.h"
#include "tree_builder/trees_report.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;

void Say(const std::string& what) { fprintf(stderr, "tree_builder: %s\n", what.c_str()); }

absl::StatusOr<std::string> ReadHosts(const BuilderFlags& flags) {
  if (!flags.nodes.empty()) return flags.nodes;
  if (!flags.hosts_path.empty()) return ReadTextFile(flags.hosts_path);
  if (isatty(STDIN_FILENO) == 1) {
    Say("waiting for host names on standard input, one a line; end with Ctrl-D");
  }
  return ReadText(stdin, "standard input");
}

std::string HostsName(const BuilderFlags& flags) {
  if (!flags.nodes.empty()) return "--nodes";
  return flags.hosts_path.empty() ? "standard input" : flags.hosts_path;
}

absl::StatusOr<std::vector<Member>> ReadMembers(const BuilderFlags& flags) {
  const absl::StatusOr<std::string> text = ReadHosts(flags);
  if (!text.ok()) return Annotate(text.status(), "hosts");
  absl::StatusOr<std::vector<Member>> members = ParseHostList(*text, flags.addresses);
  if (!members.ok()) return Annotate(members.status(), HostsName(flags));
  return members;
}

absl::StatusOr<SwitchLayout> ReadSwitches(const BuilderFlags& flags,
                                          const std::vector<Member>& members) {
  if (flags.topology_path.empty()) return SwitchLayout();
  const absl::StatusOr<std::string> text = ReadTextFile(flags.topology_path);
  if (!text.ok()) return Annotate(text.status(), "--topology");
  absl::StatusOr<MembersOnSwitches> on_switches = ParseSlurmTopology(*text, members);
  if (!on_switches.ok()) return Annotate(on_switches.status(), flags.topology_path);
  if (!on_switches->unlisted.empty()) {
    Say(absl::StrCat(
        "warning: ", on_switches->unlisted.size(), " hosts are not in ", flags.topology_path,
        ", each counts as a switch of its own: ", FoldedHosts(on_switches->unlisted).ShortText()));
  }
  return std::move(on_switches->layout);
}

absl::StatusOr<TreeCosts> ReadCosts(const BuilderFlags& flags) {
  if (flags.costs_path.empty()) return TreeCosts();
  const absl::StatusOr<std::string> text = ReadTextFile(flags.costs_path);
  if (!text.ok()) return Annotate(text.status(), "--costs");
  absl::StatusOr<TreeCosts> costs = ParseTreeCosts(*text);
  if (!costs.ok()) return Annotate(costs.status(), flags.costs_path);
  return costs;
}

// Each tree has a root of its own, so a small job has fewer.
uint32_t TreeCountFor(uint32_t wanted, size_t members) {
  if (wanted <= members) return wanted;
  Say(absl::StrCat(members, " hosts: ", members, " trees instead of --trees=", wanted));
  return static_cast<uint32_t>(members);
}

absl::StatusOr<std::string> Build(const BuilderFlags& flags) {
  absl::StatusOr<std::vector<Member>> members = ReadMembers(flags);
  if (!members.ok()) return members.status();
  absl::StatusOr<SwitchLayout> switches = ReadSwitches(flags, *members);
  if (!switches.ok()) return switches.status();
  const absl::StatusOr<TreeCosts> costs = ReadCosts(flags);
  if (!costs.ok()) return costs.status();
  const uint32_t trees = TreeCountFor(flags.trees, members->size());
  const uint32_t fanout =
      flags.fanout.has_value()
          ? *flags.fanout
          : BestFanout(*costs, static_cast<uint32_t>(members->size()), trees, flags.workload);
  const auto tree_file =
      TreeFile::Make(*std::move(members),
                     {.fanout = fanout, .tree_count = trees, .switches = *std::move(switches)});
  if (!tree_file.ok()) {
    return Annotate(tree_file.status(),
                    absl::StrCat("--fanout=", fanout, " (a larger one gives a flatter tree)"));
  }
  switch (flags.output) {
    case BuilderOutput::kExplanation:
      return ExplainTrees(*tree_file, *costs, flags.workload);
    case BuilderOutput::kDrawing:
      return DrawTrees(*tree_file, flags.drawing, flags.draw_max);
    case BuilderOutput::kTreeFile:
      break;
  }
  return tree_file->Text();
}

absl::StatusOr<std::string> Calibrate(const BuilderFlags& flags) {
  if (flags.calibration == Calibration::kServe) {
    if (absl::Status served = ServeCalibration(flags.calibration_port); !served.ok()) return served;
    return std::string();
  }
  const absl::StatusOr<TreeCosts> costs = flags.calibration == Calibration::kLoopback
                                              ? CalibrateOverLoopback()
                                              : CalibrateWith(flags.calibration_host);
  if (!costs.ok()) return costs.status();
  return TreeCostsText(*costs);
}

absl::Status Run(const BuilderFlags& flags) {
  const absl::StatusOr<std::string> text =
      flags.calibration == Calibration::kNone ? Build(flags) : Calibrate(flags);
  if (!text.ok()) return text.status();
  if (fwrite(text->data(), 1, text->size(), stdout) != text->size() || fflush(stdout) != 0) {
    return ErrnoStatus(errno > 0 ? errno : EIO, "write to standard output");
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  const std::variant<BuilderFlags, int> parsed = ParseBuilderFlags(argc, argv);
  if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
  if (const absl::Status done = Run(std::get<BuilderFlags>(parsed)); !done.ok()) {
    Say(std::string(done.message()));
    return kExitFailure;
  }
  return 0;
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) { return coppice::Main(argc, argv); }
