// passthrough_mount: a FUSE file system that hands every request on to a directory, with the flags
// of floor_mount: what a plain FUSE file system over the local disk costs.
#include <cstdio>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "bench/fuse_server.h"
#include "bench/mount_point_flag.h"
#include "bench/passthrough_file_system.h"
#include "common/descriptor_limit.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;
constexpr unsigned kThreadsMax = 256;

int Serve(const std::string& export_root, const FuseServerOptions& options) {
  // One descriptor for each open file.
  absl::Status status = RaiseDescriptorLimit().status();
  const std::unique_ptr<FuseFileSystem> file_system = MakePassthroughFileSystem(export_root);
  if (status.ok()) status = ServeMount(*file_system, options);
  if (status.ok()) return 0;
  fprintf(stderr, "passthrough_mount: %s\n", std::string(status.message()).c_str());
  return kExitFailure;
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) {
  coppice::FuseServerOptions options = {.name = "passthrough_mount"};
  std::string export_root = "/";
  CLI::App app(
      "Mounts a directory through FUSE and does nothing else: what a plain passthrough costs. "
      "Runs\n"
      "until it is interrupted or unmounted.",
      options.name);
  app.footer(
      "Example:\n"
      "  passthrough_mount --export_root=/usr /tmp/passthrough\n"
      "      then /usr/lib is read as /tmp/passthrough/lib\n"
      "Exit codes: 0 ended, 1 something failed, 2 usage.");
  app.add_option("--export_root", export_root, "what is shown at the mount point")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_option("--threads", options.threads, "that answer requests")
      ->check(CLI::Range(1u, coppice::kThreadsMax))
      ->capture_default_str();
  app.add_option("--ready_fd", options.ready_fd, "is written 'ready' to when the mount serves");
  coppice::AddMountPointFlag(app, options.mount_point);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : coppice::kExitUsage;
  }
  return coppice::Serve(export_root, options);
}
