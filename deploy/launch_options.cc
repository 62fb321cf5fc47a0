#include "deploy/launch_options.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/absolute_path.h"
#include "deploy/cpu_binding.h"
#include "deploy/launcher/find_tool.h"
#include "deploy/local_service.h"
#include "deploy/state_directory.h"
#include "tree_builder/host_list.h"
#include "tree_builder/member.h"
#include "tree_builder/trees.h"

namespace coppice {
namespace {

constexpr int kExitUsage = 2;
constexpr uint32_t kFanoutMin = 1;
constexpr uint32_t kFanoutMax = 1024;

constexpr char kDescription[] =
    "Starts Coppice on every host of the job and returns when every mount is proven to serve.\n"
    "What is at /PATH is then read as MOUNT/PATH. bazel run //deploy:stop ends it.\n"
    "The hosts are those of --hosts or --hostfile, else of the PBS or Slurm allocation that this\n"
    "runs in ($PBS_NODEFILE, $SLURM_JOB_NODELIST). Without any, or with --local, all is here.";
constexpr char kExamples[] =
    "Examples:\n"
    "  bazel run //deploy:launch\n"
    "      one node, mounted at /tmp/$USER/coppice; try: ls /tmp/$USER/coppice/usr\n"
    "  bazel run //deploy:launch -- --local=3 --mount=here\n"
    "      three nodes in a tree, mounted at here/node0, here/node1 and here/node2\n"
    "  bazel run //deploy:launch -- --name=work --export_root=/opt/work --rewrite_symlinks\n"
    "      a second service beside the first, which shows /opt/work only\n"
    "  bazel run //deploy:launch -- --record=import.trace\n"
    "      one node; what is read until stop is written down, for\n"
    "  bazel run //deploy:launch -- --local=3 --warm=import.trace\n"
    "      which reads it on every node before it says that they are ready\n"
    "  bazel run //deploy:launch -- --hosts='node[001-128,200]' --launcher=clush --trees=4\n"
    "      on these hosts; their home directory, or --state_root, is one that they share\n"
    "Exit codes: 0 all is mounted, 1 something failed (and nothing is left running), 2 usage,\n"
    "3 mounted on --min-nodes hosts or more, but not on all.";

// A validator of CLI11: empty for good text, else what is wrong with it.
std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration()) return "";
  return absl::StrCat("'", text, "' is no duration; write for example 60s or 2m");
}

std::string CheckService(const std::string& name) {
  return std::string(StateDirectory::CheckServiceName(name).message());
}

std::string CheckFanout(const std::string& text) {
  uint32_t number = 0;
  if (text == "auto") return "";
  if (absl::SimpleAtoi(text, &number) && number >= kFanoutMin && number <= kFanoutMax) return "";
  return absl::StrCat("'", text, "' is neither auto nor a number from ", kFanoutMin, " to ",
                      kFanoutMax);
}

void AddHostOptions(CLI::App& app, LaunchOptions& options) {
  auto* hosts =
      app.add_option("-w,--hosts", options.hosts, "the hosts of the job, as node[001-128,200]")
          ->type_name("EXPRESSION");
  auto* file = app.add_option("--hostfile", options.host_file, "a file of hosts, one a line")
                   ->type_name("FILE");
  hosts->excludes(file)->excludes("--local");
  file->excludes("--local");
  app.add_option("--launcher", options.launcher,
                 "what runs a command on the hosts; auto: srun in a Slurm job, else the first of "
                 "clush, pdsh, mpiexec and ssh that is installed")
      ->check(CLI::IsMember(LauncherNames()))
      ->capture_default_str();
  app.add_option("--trees", options.trees, "trees over the hosts, each with a root of its own")
      ->check(CLI::Range(1u, kTreesMax))
      ->capture_default_str();
  app.add_option("--topology", options.topology,
                 "Slurm's topology.conf: each tree enters each network switch once. --fanout=auto "
                 "does not take it into account")
      ->type_name("FILE")
      ->excludes("--local");
  app.add_option("--port", options.port, "where the hosts' peers listen")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  app.add_option("--addresses", options.addresses,
                 "of each host, with commas between, such as %s-ib0:7117: %h is its name, %s its "
                 "short one (default: %h and --port)")
      ->check(
          [](const std::string& text) { return std::string(CheckAddressColumn(text).message()); });
  app.add_option("--min-nodes", options.nodes_min,
                 "go on with so many hosts when others fail (default: all are needed)")
      ->check(CLI::Range(size_t{1}, kMembersMax));
}

}  // namespace

ParsedLaunch ParseLaunchOptions(const std::vector<std::string>& arguments,
                                const LaunchSurroundings& surroundings) {
  LaunchOptions options;
  options.mount = absl::StrCat("/tmp/", surroundings.user, "/coppice");
  std::string timeout = "60s";
  CLI::App app(kDescription, "launch");
  app.footer(kExamples);
  app.add_option("--local", options.nodes, "nodes to start on this machine")
      ->check(CLI::Range(size_t{1}, kLocalNodesMax));
  app.add_option("--mount", options.mount,
                 "where to mount: here for one node, at nodeI within for several")
      ->capture_default_str();
  app.add_option("--export_root", options.export_root, "what is shown at the mount")
      ->capture_default_str();
  std::string fanout = "auto";
  app.add_option("--fanout", fanout,
                 "children of a node in a tree; auto: the best for the number of nodes")
      ->check(CheckFanout)
      ->capture_default_str();
  AddHostOptions(app, options);
  app.add_option("--cache_bytes", options.cache_bytes, "block cache of each peer, such as 4GiB");
  app.add_option("--negative_ttl", options.negative_ttl,
                 "how long a missing name or a listing may stay unconfirmed, such as 10s")
      ->check(CheckDuration);
  app.add_flag("--rewrite_symlinks", options.rewrite_symlinks,
               "absolute link targets lead to paths under the mount");
  app.add_flag("--allow_other", options.allow_other, "other users may use the mount, too");
  app.add_option("--record", options.record,
                 "write down what is read through the mount, for --warm; one node only")
      ->type_name("FILE");
  app.add_option("--warm", options.warm,
                 "read what the recording says through every mount before it is ready")
      ->type_name("FILE");
  app.add_option("--name", options.service, "tells several services of yours apart")
      ->check(CheckService);
  app.add_option("--state_root", options.state_root,
                 absl::StrCat("where state is kept (default ", StateDirectory::DefaultRoot(),
                              ", and on many hosts ~/.coppice, which they must share)"));
  app.add_option("--timeout", timeout, "for all of the launch")
      ->check(CheckDuration)
      ->capture_default_str();
  app.add_option("--cpus", options.cpus,
                 "the CPUs that peers and clients may use, such as 48-51,100")
      ->check([](const std::string& list) {
        return std::string(ParseCpuList(list).status().message());
      });
  app.add_option("--log_level", options.log_level, "of the nodes' logs")->capture_default_str();
  try {
    // CLI11 takes them last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return {.exit_code = app.exit(error) == 0 ? 0 : kExitUsage};
  }
  absl::ParseDuration(timeout, &options.timeout);
  if (uint32_t number = 0; absl::SimpleAtoi(fanout, &number)) options.fanout = number;
  options.mount = AbsolutePath(options.mount, surroundings.working_directory);
  options.export_root = AbsolutePath(options.export_root, surroundings.working_directory);
  if (!options.record.empty() && options.nodes > 1) {
    std::cerr << "launch: --record writes down one node's reads; leave --local out\n";
    return {.exit_code = kExitUsage};
  }
  for (std::string* const file :
       {&options.record, &options.warm, &options.host_file, &options.topology}) {
    if (!file->empty()) *file = AbsolutePath(*file, surroundings.working_directory);
  }
  if (!options.state_root.empty()) {
    options.state_root = AbsolutePath(options.state_root, surroundings.working_directory);
  }
  return {.options = std::move(options)};
}

LaunchSurroundings FindLaunchSurroundings() {
  LaunchSurroundings surroundings;
  const char* build_directory = getenv("BUILD_WORKING_DIRECTORY");
  std::error_code error;
  surroundings.working_directory =
      build_directory != nullptr ? build_directory : std::filesystem::current_path(error).string();
  const passwd* user = getpwuid(geteuid());
  surroundings.user = user != nullptr ? user->pw_name : absl::StrCat(geteuid());
  return surroundings;
}

std::vector<std::string> PeerFlags(const LaunchOptions& options) {
  std::vector<std::string> flags = {absl::StrCat("--export_root=", options.export_root),
                                    absl::StrCat("--log_level=", options.log_level)};
  if (!options.cache_bytes.empty()) {
    flags.push_back(absl::StrCat("--cache_bytes=", options.cache_bytes));
  }
  if (!options.negative_ttl.empty()) {
    flags.push_back(absl::StrCat("--negative_ttl=", options.negative_ttl));
  }
  return flags;
}

std::vector<std::string> ClientFlags(const LaunchOptions& options) {
  std::vector<std::string> flags = {absl::StrCat("--log_level=", options.log_level)};
  if (!options.negative_ttl.empty()) {
    flags.push_back(absl::StrCat("--negative_ttl=", options.negative_ttl));
  }
  if (options.rewrite_symlinks) flags.push_back("--rewrite_symlinks");
  if (options.allow_other) flags.push_back("--allow_other");
  if (!options.record.empty()) flags.push_back(absl::StrCat("--record=", options.record));
  return flags;
}

}  // namespace coppice
