// The command line of launch. Pure but for the text that it prints on --help and on mistakes.
#ifndef COPPICE_DEPLOY_LAUNCH_OPTIONS_H_
#define COPPICE_DEPLOY_LAUNCH_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace coppice {

struct LaunchOptions {
  // Of a service on this machine; 0: not asked for, so the hosts of the job are used, and without
  // a job one node here.
  size_t nodes = 0;
  // A service on many hosts; both empty: those of the batch system.
  std::string hosts;
  // Absolute.
  std::string host_file;
  std::string launcher = "auto";
  uint32_t trees = 1;
  // Absolute; empty: nothing is known of switches.
  std::string topology;
  uint16_t port = 7117;
  // As host lists have them in their second column; empty: the host's name with the port.
  std::string addresses;
  // 0: all of them.
  size_t nodes_min = 0;
  // Absolute.
  std::string mount;
  std::string export_root = "/";
  // None: chosen.
  std::optional<uint32_t> fanout;
  // As peer_server takes them; empty: its default.
  std::string cache_bytes;
  std::string negative_ttl;
  bool rewrite_symlinks = false;
  bool allow_other = false;
  // Absolute; empty: nothing is recorded, nothing is warmed.
  std::string record;
  std::string warm;
  // Empty: not named.
  std::string service;
  // Empty: the default of the kind of service.
  std::string state_root;
  absl::Duration timeout = absl::Seconds(60);
  std::string log_level = "info";
  // As CpuBinding takes them; empty: wherever the scheduler puts them.
  std::string cpus;
};

// Where the user stands.
struct LaunchSurroundings {
  // Absolute; relative paths are relative to it.
  std::string working_directory;
  std::string user;
};

struct ParsedLaunch {
  // Without options the program ends with the code: 0 after --help, 2 after a mistake.
  std::optional<LaunchOptions> options;
  int exit_code = 0;
};

ParsedLaunch ParseLaunchOptions(const std::vector<std::string>& arguments,
                                const LaunchSurroundings& surroundings);

// Of this process: BUILD_WORKING_DIRECTORY, where `bazel run` says that the user is, else the
// current directory.
LaunchSurroundings FindLaunchSurroundings();

// The flags that the programs of each node are given for these options.
std::vector<std::string> PeerFlags(const LaunchOptions& options);
std::vector<std::string> ClientFlags(const LaunchOptions& options);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCH_OPTIONS_H_
