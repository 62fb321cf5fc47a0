// tree_builder: a host list in, a tree file out.
//
// Exit codes: 0 done, 1 the hosts cannot be read or are wrong, 2 the command line is wrong. Nothing
// is on standard output unless all of it is.
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/status.h"
#include "tree_builder/host_list.h"
#include "tree_builder/read_text.h"
#include "tree_builder/tree_file.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

constexpr uint32_t kFanoutMin = 1;
// A parent sends to its children one after the other, so an item reaches the last leaf after about
// k * log_k(N) sends: least near 3, and at 4 the same as at 2 with half the hops, so half the
// latency of a small request. Above it, each large file would leave a node k times over the same
// link.
constexpr uint32_t kFanoutDefault = 4;
constexpr uint16_t kPortDefault = 7117;

constexpr char kPurpose[] =
    "Makes the tree file of a job: who takes part, and who is whose parent.\n"
    "Reads a host list, writes the tree file to standard output.";

constexpr char kLesson[] = R"(
A host list has one host, or one range expression, a line. A name that comes
again counts once; a short name and its full name are one host:
  # comments and blank lines mean nothing
  nid001
  nid002.cluster
  nid[003-128,200],gpu[0-8/2]    padded; a list; a step
  rack[1-4]node[01-16]!rack2node07   several dimensions; all but one
A second column has the addresses where the member's children reach it, one for
each network interface, which the trees take in turn. Without it, it is the name
with the port of --port, or what --addresses says:
  member0 localhost:7201
  member1 [fd00::1]:9000,10.0.0.1:9000
  nid[001-128] %h-hsn0:7117,%h-hsn1:7117
The first host is the root of the first tree; roots read the backing file system.

Examples:
  tree_builder < "$PBS_NODEFILE" > job.tree
  tree_builder -w "$SLURM_JOB_NODELIST" --fanout=8 > job.tree
  tree_builder -w 'x[1000-1003]c[0-7]' --addresses=%h-hsn0,%h-hsn1 > job.tree

Exit codes: 0 done; 1 the host list cannot be read or is wrong; 2 wrong usage.)";

struct Flags {
  uint32_t fanout = kFanoutDefault;
  uint32_t trees = 1;
  uint16_t port = kPortDefault;
  std::string hosts_path;
  // A host expression, instead of a list.
  std::string nodes;
  // Of members without a second column; where it has no port, that of --port.
  std::string addresses = "%h";
};

absl::StatusOr<std::string> ReadHosts(const Flags& flags) {
  if (!flags.nodes.empty()) return flags.nodes;
  if (!flags.hosts_path.empty()) return ReadTextFile(flags.hosts_path);
  if (isatty(STDIN_FILENO) == 1) {
    fputs("tree_builder: waiting for host names on standard input, one a line; end with Ctrl-D\n",
          stderr);
  }
  return ReadText(stdin, "standard input");
}

std::string HostsName(const Flags& flags) {
  if (!flags.nodes.empty()) return "--nodes";
  return flags.hosts_path.empty() ? "standard input" : flags.hosts_path;
}

// The column of addresses, with a port for those that have none.
std::string WithPorts(absl::string_view addresses, uint16_t port) {
  return absl::StrJoin(absl::StrSplit(addresses, ','), ",",
                       [port](std::string* text, absl::string_view address) {
                         const bool is_ipv6 = absl::EndsWith(address, "]");
                         const bool has_port = !is_ipv6 && absl::StrContains(address, ':');
                         absl::StrAppend(text, address, has_port ? "" : absl::StrCat(":", port));
                       });
}

absl::Status WriteOut(const std::string& text) {
  if (fwrite(text.data(), 1, text.size(), stdout) != text.size() || fflush(stdout) != 0) {
    return ErrnoStatus(errno > 0 ? errno : EIO, "write the tree to standard output");
  }
  return absl::OkStatus();
}

// Each tree has a root of its own, so a small job has fewer.
uint32_t TreeCountFor(uint32_t wanted, size_t members) {
  if (wanted <= members) return wanted;
  fprintf(stderr, "tree_builder: %zu hosts: %zu trees instead of --trees=%u\n", members, members,
          wanted);
  return static_cast<uint32_t>(members);
}

absl::Status Run(const Flags& flags) {
  const absl::StatusOr<std::string> text = ReadHosts(flags);
  if (!text.ok()) return Annotate(text.status(), "hosts");
  const absl::StatusOr<std::vector<Member>> members =
      ParseHostList(*text, WithPorts(flags.addresses, flags.port));
  if (!members.ok()) return Annotate(members.status(), HostsName(flags));
  const TreesOptions options = {.fanout = flags.fanout,
                                .tree_count = TreeCountFor(flags.trees, members->size())};
  const absl::StatusOr<std::string> tree = TreeFileText(*members, options);
  if (!tree.ok()) {
    return Annotate(tree.status(), absl::StrCat("--fanout=", flags.fanout,
                                                " (a larger one gives a flatter tree)"));
  }
  return WriteOut(*tree);
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app(kPurpose, "tree_builder");
  app.footer(kLesson);
  app.add_option("--fanout", flags.fanout, "The most children of a member")
      ->type_name("K")
      ->check(CLI::Range(kFanoutMin, kFanoutMax))
      ->capture_default_str();
  app.add_option("--trees", flags.trees,
                 "Trees over all members, with different roots and different members in their "
                 "middle; a directory or block belongs to the tree that its name hashes to")
      ->type_name("R")
      ->check(CLI::Range(uint32_t{1}, kTreesMax))
      ->capture_default_str();
  app.add_option("--port", flags.port, "Where members without an address column listen")
      ->type_name("P")
      ->check(CLI::Range(uint16_t{1}, uint16_t{65535}))
      ->capture_default_str();
  CLI::Option* const nodes =
      app.add_option("-w,--nodes", flags.nodes, "The hosts themselves, as in nid[001-128,200]")
          ->type_name("HOSTS");
  app.add_option("--hosts", flags.hosts_path, "The host list; standard input without it")
      ->type_name("FILE")
      ->excludes(nodes);
  app.add_option(
         "--addresses", flags.addresses,
         "Where members without an address column are reached: %h is the name, %s the name "
         "up to its first dot; several, one for each network interface, with commas between")
      ->type_name("LIST")
      ->check([](const std::string& list) {
        return std::string(CheckAddressColumn(WithPorts(list, kPortDefault)).message());
      })
      ->capture_default_str();
  // CLI11 reports by exception; it ends here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (const absl::Status done = Run(flags); !done.ok()) {
    fprintf(stderr, "tree_builder: %s\n", std::string(done.message()).c_str());
    return kExitFailure;
  }
  return 0;
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) { return coppice::Main(argc, argv); }
