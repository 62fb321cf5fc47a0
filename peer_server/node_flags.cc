#include "peer_server/node_flags.h"

#include <stdlib.h>

#include <cstdint>
#include <iostream>
#include <memory>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "common/own_host_name.h"
#include "peer_server/roster.h"
#include "tree_builder/tree_file.h"

namespace coppice {
namespace {

constexpr char kDescription[] =
    R"(Serves files to the local mount and to its children in the tree.

The root of a tree reads the backing file system; every other node asks its parent in that tree.
Runs in the foreground until SIGTERM or SIGINT, or until the job is stopped by the tree, then
finishes what is under way and exits with 0.)";

constexpr char kExample[] = R"(
Examples:
  A node alone, and its mount:
    peer_server --socket=/tmp/me/peer.sock &
    fuse_client --peer=unix:/tmp/me/peer.sock /tmp/me/mount
  A node of a tree (the same tree file on every node):
    tree_builder < hosts > tree
    peer_server --tree=tree --socket=/tmp/me/peer.sock
  Looking inside:
    grpc_cli call unix:/tmp/me/peer.sock coppice.v1.Inspection.GetStatistics '')";

// What the command line says before it is checked.
struct RawFlags {
  std::string tree_file;
  std::string node_name;
  std::string negative_ttl = "10s";
  std::string metadata_ttl = "inf";
  std::string hop_timeout = "30s";
  uint64_t cache_bytes = uint64_t{4} << 30;
  uint64_t metadata_bytes = uint64_t{512} << 20;
};

std::string HostName() {
  const std::string name = OwnHostName();
  return name.empty() ? "localhost" : name;
}

void AddFlags(CLI::App& app, NodeFlags& flags, RawFlags& raw) {
  app.add_option("--tree", raw.tree_file,
                 "The tree file that tree_builder made. Without it, this node is alone.");
  app.add_option("--node", raw.node_name, "This node's name in the tree. Default: the host name.");
  app.add_option("--export_root", flags.node.export_root,
                 "The directory that is served; the same on every node.")
      ->capture_default_str();
  app.add_option("--socket", flags.node.unix_socket,
                 "Unix socket for the local mount and for inspection. Only its owner can use it.")
      ->required();
  app.add_option("--listen", flags.node.listen_addresses,
                 "HOST:PORT where children connect, several with commas between. Default: this "
                 "node's addresses in the tree; without a tree, nowhere.")
      ->delimiter(',');
  app.add_option("--cache_bytes", raw.cache_bytes, "The most memory for file data.")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->default_str("4GiB");
  app.add_option("--metadata_bytes", raw.metadata_bytes,
                 "The most memory for attributes and directories.")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->default_str("512MiB");
  app.add_option(
         "--negative_ttl", raw.negative_ttl,
         "How long a missing name, and the list of a directory's names, may be told without "
         "asking the backing file system again.")
      ->capture_default_str();
  app.add_option("--metadata_ttl", raw.metadata_ttl,
                 "The same for the attributes of what exists; inf: for the life of the job.")
      ->capture_default_str();
  app.add_option("--backing_threads", flags.node.backing_threads,
                 "How many calls a root makes to the backing file system at once.")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--hop_timeout", raw.hop_timeout, "How long one request to the parent may take.")
      ->capture_default_str();
  app.add_option("--log_level", flags.log.level,
                 "trace, debug, info, warning, error, critical or off.")
      ->capture_default_str();
  app.add_option("--log_file", flags.log.file, "Where to log. Default: standard error.");
  app.add_option("--ready_fd", flags.ready_fd,
                 "For launchers: \"ready\" is written to this descriptor once the node serves.");
}

// The error, or empty.
std::string ParseDuration(const std::string& flag, const std::string& text,
                          absl::Duration& duration) {
  if (absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration()) return "";
  return flag + "=" + text + " is no time above zero; write 500ms, 10s, 5m, 2h or inf";
}

std::string ParseDurations(const RawFlags& raw, NodeOptions& node) {
  std::string error = ParseDuration("--negative_ttl", raw.negative_ttl, node.stack.negative_ttl);
  if (error.empty()) {
    error = ParseDuration("--metadata_ttl", raw.metadata_ttl, node.stack.metadata_ttl);
  }
  if (error.empty()) error = ParseDuration("--hop_timeout", raw.hop_timeout, node.hop_timeout);
  if (error.empty() && node.hop_timeout == absl::InfiniteDuration()) {
    error = "--hop_timeout=inf would let a request hang; give a finite time";
  }
  return error;
}

// Fills in the places and who else there is.
absl::Status FillPlaces(const RawFlags& raw, NodeOptions& node) {
  const std::string name = raw.node_name.empty() ? HostName() : raw.node_name;
  if (raw.tree_file.empty()) {
    node.places = AlonePlaces(name);
    return absl::OkStatus();
  }
  const absl::StatusOr<TreeFile> tree = ReadTreeFile(raw.tree_file);
  if (!tree.ok()) return tree.status();
  absl::StatusOr<std::vector<TreePlace>> places = FindPlaces(*tree, name);
  if (!places.ok()) return places.status();
  node.places = *std::move(places);
  node.roster = std::make_shared<const Roster>(*tree);
  node.tree_file = raw.tree_file;
  return absl::OkStatus();
}

std::string AbsolutePath(const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  const std::unique_ptr<char, decltype(&free)> cwd(getcwd(nullptr, 0), &free);
  return cwd == nullptr ? path : std::string(cwd.get()) + "/" + path;
}

}  // namespace

std::variant<NodeFlags, int> ParseNodeFlags(int argc, char** argv) {
  NodeFlags flags;
  RawFlags raw;
  CLI::App app(kDescription, "peer_server");
  app.footer(kExample);
  AddFlags(app, flags, raw);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (const std::string error = ParseDurations(raw, flags.node); !error.empty()) {
    std::cerr << "peer_server: " << error << "\n";
    return 2;
  }
  flags.node.stack.cache_bytes = raw.cache_bytes;
  flags.node.stack.metadata_bytes = raw.metadata_bytes;
  flags.node.export_root = AbsolutePath(flags.node.export_root);
  flags.node.unix_socket = AbsolutePath(flags.node.unix_socket);
  if (absl::Status found = FillPlaces(raw, flags.node); !found.ok()) {
    std::cerr << "peer_server: " << found.message() << "\n";
    return 1;
  }
  if (flags.node.listen_addresses.empty()) {
    flags.node.listen_addresses = flags.node.places[0].self.addresses;
  }
  return flags;
}

}  // namespace coppice
