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
#include "absl/strings/str_cat.h"
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
A host list has one host a line; a name that comes again counts once:
  # comments and blank lines mean nothing
  nid001
  nid002.cluster
A second column is the address where the member's children reach it, for members
that share a machine; without it, it is the name with the port of --port:
  member0 localhost:7201
  member1 [::1]:7202
The first host is the root of the tree, which reads the backing file system.

Examples:
  tree_builder < "$PBS_NODEFILE" > job.tree
  scontrol show hostnames | tree_builder --fanout=8 > job.tree
  printf '%s\n' nid001 nid002 nid003 | tree_builder > job.tree

Exit codes: 0 done; 1 the host list cannot be read or is wrong; 2 wrong usage.)";

struct Flags {
  uint32_t fanout = kFanoutDefault;
  uint16_t port = kPortDefault;
  std::string hosts_path;
};

absl::StatusOr<std::string> ReadHosts(const Flags& flags) {
  if (!flags.hosts_path.empty()) return ReadTextFile(flags.hosts_path);
  if (isatty(STDIN_FILENO) == 1) {
    fputs("tree_builder: waiting for host names on standard input, one a line; end with Ctrl-D\n",
          stderr);
  }
  return ReadText(stdin, "standard input");
}

absl::Status WriteOut(const std::string& text) {
  if (fwrite(text.data(), 1, text.size(), stdout) != text.size() || fflush(stdout) != 0) {
    return ErrnoStatus(errno > 0 ? errno : EIO, "write the tree to standard output");
  }
  return absl::OkStatus();
}

absl::Status Run(const Flags& flags) {
  const absl::StatusOr<std::string> text = ReadHosts(flags);
  if (!text.ok()) return Annotate(text.status(), "hosts");
  const absl::StatusOr<std::vector<Member>> members = ParseHostList(*text, flags.port);
  if (!members.ok()) {
    return Annotate(members.status(),
                    flags.hosts_path.empty() ? "standard input" : flags.hosts_path);
  }
  const absl::StatusOr<std::string> tree = TreeFileText(*members, flags.fanout);
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
  app.add_option("--port", flags.port, "Where members without an address column listen")
      ->type_name("P")
      ->check(CLI::Range(uint16_t{1}, uint16_t{65535}))
      ->capture_default_str();
  app.add_option("--hosts", flags.hosts_path, "The host list; standard input without it")
      ->type_name("FILE");
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
