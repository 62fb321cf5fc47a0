#include "tree_builder/builder_flags.h"

#include <map>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tree_builder/host_list.h"
#include "tree_builder/topology.h"
#include "tree_builder/trees.h"

namespace coppice {
namespace {

constexpr int kExitUsage = 2;
constexpr uint16_t kPortDefault = 7117;
constexpr char kAuto[] = "auto";
// Requests, or megabytes: more is a mistake.
constexpr double kWorkloadMax = 1e12;

constexpr char kPurpose[] =
    "Makes the tree file of a job: who takes part, and how many trees of which fan-out\n"
    "are laid over them. Reads a host list, writes the tree file to standard output.";

constexpr char kLesson[] = R"(
A host list has one host, or one range expression, a line. A name that comes
again counts once; a short name and its full name are one host:
  # comments and blank lines mean nothing
  nid001
  nid002.cluster
  nid[003-128,200],gpu[0-8/2]        padded; a list; a step
  rack[1-4]node[01-16]!rack2node07   several dimensions; all but one (also & ^)
A second column has the addresses where the member's children reach it, one for
each network interface, which the trees take in turn. Without it, it is the name
with the port of --port, or what --addresses says:
  member0 localhost:7201
  member1 [fd00::1]:9000,10.0.0.1:9000
  nid[001-128] %h-hsn0:7117,%h-hsn1:7117
The first host is the root of the first tree; roots read the backing file system.

Examples:
  tree_builder < "$PBS_NODEFILE" > job.tree
  tree_builder -w "$SLURM_JOB_NODELIST" --trees=4 > job.tree
  tree_builder -w 'x[1000-1003]c[0-7]' --addresses=%h-hsn0,%h-hsn1 > job.tree
  tree_builder -w 'nid[0001-2048]' --trees=4 --topology=/etc/slurm/topology.conf --explain
  tree_builder -w 'n[1-16]' --fanout=4 --format=dot | dot -Tsvg > trees.svg
  tree_builder --calibrate > costs; tree_builder -w 'n[1-16]' --costs=costs --explain

Exit codes: 0 done; 1 the hosts or another file cannot be read or are wrong, or
nothing could be measured; 2 wrong usage.)";

// What the command line says before it is checked.
struct RawFlags {
  std::string fanout = kAuto;
  uint16_t port = kPortDefault;
  std::string addresses = "%h";
  std::string format = "tree";
  bool explain = false;
  bool calibrate = false;
  double large_mb = TreeWorkload().large_bytes / 1e6;
};

// The column of addresses, with a port for those that have none.
std::string WithPorts(absl::string_view addresses, uint16_t port) {
  return absl::StrJoin(absl::StrSplit(addresses, ','), ",",
                       [port](std::string* text, absl::string_view address) {
                         const bool is_ipv6 = absl::EndsWith(address, "]");
                         const bool has_port = !is_ipv6 && absl::StrContains(address, ':');
                         absl::StrAppend(text, address, has_port ? "" : absl::StrCat(":", port));
                       });
}

std::string CheckFanout(const std::string& text) {
  uint32_t number = 0;
  if (text == kAuto) return "";
  if (absl::SimpleAtoi(text, &number) && number >= 1 && number <= kFanoutMax) return "";
  return absl::StrCat("'", text, "' is neither ", kAuto, " nor a number from 1 to ", kFanoutMax);
}

void AddHostFlags(CLI::App& app, BuilderFlags& flags, RawFlags& raw) {
  CLI::Option* const nodes =
      app.add_option("-w,--nodes", flags.nodes, "The hosts themselves, as in nid[001-128,200]")
          ->type_name("HOSTS");
  app.add_option("--hosts", flags.hosts_path, "The host list; standard input without it")
      ->type_name("FILE")
      ->excludes(nodes);
  app.add_option("--port", raw.port, "Where members without an address column listen")
      ->type_name("P")
      ->check(CLI::Range(uint16_t{1}, uint16_t{65535}))
      ->capture_default_str();
  app.add_option("--addresses", raw.addresses,
                 "Where members without an address column are reached: %h is the name, %s the name "
                 "up to its first dot; several, one for each network interface, with commas")
      ->type_name("LIST")
      ->check([](const std::string& list) {
        return std::string(CheckAddressColumn(WithPorts(list, kPortDefault)).message());
      })
      ->capture_default_str();
}

void AddTreeFlags(CLI::App& app, BuilderFlags& flags, RawFlags& raw) {
  app.add_option("--fanout", raw.fanout,
                 "The most children of a member in a tree; auto: the best of the cost model, which "
                 "takes no account of --topology")
      ->type_name("auto|K")
      ->check(CheckFanout)
      ->capture_default_str();
  app.add_option("--trees", flags.trees,
                 "Trees over all members, with different roots and different members in their "
                 "middle; a directory or block belongs to the tree that its name hashes to")
      ->type_name("R")
      ->check(CLI::Range(uint32_t{1}, kTreesMax))
      ->capture_default_str();
  app.add_option("--topology", flags.topology_path,
                 "Slurm's topology.conf: each tree enters each switch once. A host that is not in "
                 "it is warned of, and counts as a switch of its own")
      ->type_name("FILE");
}

void AddModelFlags(CLI::App& app, BuilderFlags& flags, RawFlags& raw) {
  app.add_option("--costs", flags.costs_path,
                 "The constants of the cost model, as --calibrate prints")
      ->type_name("FILE");
  app.add_option("--small_requests", flags.workload.small_requests,
                 "What --fanout=auto is best for: requests one after the other, and")
      ->check(CLI::Range(0.0, kWorkloadMax))
      ->capture_default_str();
  app.add_option("--large_mb", raw.large_mb, "one large object, in 10^6 bytes")
      ->check(CLI::Range(0.0, kWorkloadMax))
      ->capture_default_str();
  CLI::Option* const loopback =
      app.add_flag("--calibrate", raw.calibrate,
                   "Measures the constants over loopback, for a second, and prints them");
  CLI::Option* const with =
      app.add_option("--calibrate_with", flags.calibration_host,
                     "The same between this host and one where --calibrate_serve runs")
          ->type_name("HOST:PORT")
          ->excludes(loopback);
  app.add_option("--calibrate_serve", flags.calibration_port,
                 "The other side of --calibrate_with: one measurement, then it ends")
      ->type_name("PORT")
      ->check(CLI::Range(uint16_t{1}, uint16_t{65535}))
      ->excludes(loopback)
      ->excludes(with);
}

void AddOutputFlags(CLI::App& app, BuilderFlags& flags, RawFlags& raw) {
  CLI::Option* const explain = app.add_flag(
      "--explain", raw.explain,
      "Instead of the tree file: depth, who is in the middle of how many trees, predicted times, "
      "edges between switches");
  app.add_option("--format", raw.format, "tree: the tree file; text, dot, json: a drawing")
      ->check(CLI::IsMember({"tree", "text", "dot", "json"}))
      ->excludes(explain)
      ->capture_default_str();
  app.add_option("--draw_max", flags.draw_max, "The most hosts of each tree in a drawing")
      ->check(CLI::Range(uint32_t{1}, uint32_t{kMembersMax}))
      ->capture_default_str();
}

void Resolve(const RawFlags& raw, BuilderFlags& flags) {
  uint32_t fanout = 0;
  if (absl::SimpleAtoi(raw.fanout, &fanout)) flags.fanout = fanout;
  flags.addresses = WithPorts(raw.addresses, raw.port);
  flags.workload.large_bytes = raw.large_mb * 1e6;
  if (raw.explain) flags.output = BuilderOutput::kExplanation;
  if (raw.format != "tree") {
    flags.output = BuilderOutput::kDrawing;
    flags.drawing = raw.format == "dot"    ? DrawingFormat::kDot
                    : raw.format == "json" ? DrawingFormat::kJson
                                           : DrawingFormat::kText;
  }
  if (raw.calibrate) flags.calibration = Calibration::kLoopback;
  if (!flags.calibration_host.empty()) flags.calibration = Calibration::kWithHost;
  if (flags.calibration_port != 0) flags.calibration = Calibration::kServe;
}

}  // namespace

std::variant<BuilderFlags, int> ParseBuilderFlags(int argc, char** argv) {
  BuilderFlags flags;
  RawFlags raw;
  CLI::App app(kPurpose, "tree_builder");
  app.footer(kLesson);
  AddHostFlags(app, flags, raw);
  AddTreeFlags(app, flags, raw);
  AddModelFlags(app, flags, raw);
  AddOutputFlags(app, flags, raw);
  // CLI11 reports by exception; it ends here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  Resolve(raw, flags);
  return flags;
}

}  // namespace coppice
