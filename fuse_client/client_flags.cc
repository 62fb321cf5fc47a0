#include "fuse_client/client_flags.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/absolute_path.h"

namespace coppice {
namespace {

constexpr int kUsageExitCode = 2;
// More threads than a kernel's requests could keep busy.
constexpr unsigned kThreadsMax = 256;

void AddDuration(CLI::App& app, const std::string& name, absl::Duration& value,
                 bool may_be_infinite, const std::string& description) {
  const CLI::callback_t parse = [&value, may_be_infinite](const CLI::results_t& texts) {
    absl::Duration parsed;
    const bool valid = absl::ParseDuration(texts.back(), &parsed) &&
                       parsed > absl::ZeroDuration() &&
                       (may_be_infinite || parsed != absl::InfiniteDuration());
    if (valid) value = parsed;
    return valid;
  };
  app.add_option(name, parse, description)
      ->type_name("DURATION")
      ->default_str(absl::FormatDuration(value));
}

void AddOptions(CLI::App& app, ClientFlags& flags) {
  app.add_option("mount_point", flags.mount_point, "the directory to mount at")
      ->type_name("MOUNTPOINT")
      ->required();
  app.add_option("--peer", flags.peer, "the socket of this node's peer_server, as unix:PATH")
      ->type_name("unix:SOCK")
      ->required();
  app.add_option("-o", flags.mount_options,
                 "mount options, comma separated; ro is always among the kernel's flags unless "
                 "--read_write_mount")
      ->type_name("OPTIONS");
  app.add_flag("--allow_other", flags.allow_other, "other users may use the mount");
  app.add_flag("--rewrite_symlinks", flags.rewrite_symlinks,
               "show absolute link targets inside the export root as paths under the mount");
  app.add_flag("--read_write_mount", flags.read_write_mount,
               "mount without ro: for diagnosis, changes are refused here and not by the kernel");
  AddDuration(app, "--operation_timeout", flags.operation_timeout, /*may_be_infinite=*/false,
              "when a request that nobody answers fails");
  AddDuration(app, "--negative_ttl", flags.negative_ttl, /*may_be_infinite=*/false,
              "how soon new names are seen");
  AddDuration(app, "--metadata_ttl", flags.metadata_ttl, /*may_be_infinite=*/true,
              "how long what exists is taken to stay as it is");
  app.add_option("--threads", flags.threads, "threads that read requests of the kernel")
      ->check(CLI::Range(1u, kThreadsMax))
      ->capture_default_str();
  app.add_option("--record", flags.record,
                 "write down what is looked up and read, for `warm`: at the end and on SIGUSR1")
      ->type_name("FILE");
  app.add_option("--log_level", flags.log.level,
                 "trace, debug, info, warning, error, critical or off")
      ->capture_default_str();
  app.add_option("--log_file", flags.log.file, "where log lines go; default: standard error")
      ->type_name("FILE");
  app.add_option("--ready_fd", flags.ready_fd,
                 "write \"ready\" to this descriptor and close it once the mount is there and the "
                 "peer answers");
}

// What is wrong beyond the form of each flag; empty for nothing.
std::string Mistake(const ClientFlags& flags) {
  if (!absl::StartsWith(flags.peer, "unix:") || flags.peer == "unix:") {
    return "--peer: unix:PATH expected";
  }
  for (const absl::string_view option : absl::StrSplit(flags.mount_options, ',')) {
    if (option == "rw") return "-o rw: a Coppice mount is read-only";
  }
  return "";
}

// No link is followed: for the mount point it is the name that users will see.
std::string FromHere(const std::string& path) {
  return AbsolutePath(path, std::filesystem::current_path().string());
}

}  // namespace

ParsedClientFlags ParseClientFlags(int argc, const char* const* argv) {
  ClientFlags flags;
  CLI::App app("Mounts the tree that this node's peer serves; in the foreground.", "fuse_client");
  AddOptions(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return {.exit_code = app.exit(error) == 0 ? 0 : kUsageExitCode};
  }
  if (const std::string mistake = Mistake(flags); !mistake.empty()) {
    std::cerr << "fuse_client: " << mistake << "\n";
    return {.exit_code = kUsageExitCode};
  }
  flags.mount_point = FromHere(flags.mount_point);
  if (flags.record.empty()) return {.flags = std::move(flags)};
  flags.record = FromHere(flags.record);
  if (absl::StartsWith(flags.record, absl::StrCat(flags.mount_point, "/"))) {
    std::cerr << "fuse_client: --record: the mount, where the file would be, is read-only\n";
    return {.exit_code = kUsageExitCode};
  }
  return {.flags = std::move(flags)};
}

}  // namespace coppice
