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
  size_t nodes = 1;
  // Absolute.
  std::string mount;
  std::string export_root = "/";
  uint32_t fanout = 2;
  // As peer_server takes them; empty: its default.
  std::string cache_bytes;
  std::string negative_ttl;
  bool rewrite_symlinks = false;
  bool allow_other = false;
  // Absolute; empty: nothing is recorded, nothing is warmed.
  std::string record;
  std::string warm;
  std::string service = "local";
  // Empty: the default of LocalService.
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
