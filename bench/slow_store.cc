// slow_store: a directory as a slow, shared parallel file system shows it to one node: names and
// bytes are kept by the node's kernel, as a client of such a file system does under its locks, but
// each first touch costs latency, and its place in queues that all mounts of the store share.
#include <cstdio>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "bench/fuse_server.h"
#include "bench/latency_flag.h"
#include "bench/mount_point_flag.h"
#include "bench/passthrough_file_system.h"
#include "bench/shared_store.h"
#include "bench/slow_file_system.h"
#include "bench/store_counters.h"
#include "bench/store_limiter.h"
#include "common/descriptor_limit.h"

namespace coppice {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;
// As many requests of a mount are under way.
constexpr unsigned kThreads = 64;
constexpr unsigned kThreadsMax = 1024;

std::string Figures(const StoreFigures& figures) {
  std::string text;
  for (const auto& [name, count] : figures.operations)
    absl::StrAppend(&text, name, " ", count, ", ");
  absl::StrAppend(&text, "reads ", figures.reads, ", bytes ", figures.bytes);
  return text;
}

absl::Status Serve(const std::string& export_root, const std::string& shared,
                   const StoreLimits& limits, const FuseServerOptions& options) {
  // One descriptor for each open file.
  if (const auto raised = RaiseDescriptorLimit(); !raised.ok()) return raised.status();
  const auto store = SharedStore::Open(shared);
  if (!store.ok()) return store.status();
  const std::unique_ptr<FuseFileSystem> files = MakePassthroughFileSystem(export_root);
  const std::unique_ptr<FuseFileSystem> slow = MakeSlowFileSystem(*files, limits, *store);
  if (absl::Status status = ServeMount(*slow, options); !status.ok()) return status;
  printf("reached the store so far: %s\n", Figures(store->counters().Figures()).c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace coppice

int main(int argc, char** argv) {
  // A server tells attributes only by name, so that listing a directory does not.
  coppice::FuseServerOptions options = {
      .name = "slow_store", .threads = coppice::kThreads, .readdirplus = false};
  coppice::StoreLimits limits;
  std::string export_root = "/";
  std::string shared;
  CLI::App app(
      "Mounts a directory as a slow, shared store: with latency, operations/s and bytes/s. Runs\n"
      "until it is interrupted or unmounted, and then says what reached the store.",
      options.name);
  app.footer(
      "Example: two nodes of one store\n"
      "  slow_store --shared=/tmp/store --latency=1ms --operations_per_second=1000 /tmp/node0 &\n"
      "  slow_store --shared=/tmp/store --latency=1ms --operations_per_second=1000 /tmp/node1 &\n"
      "Exit codes: 0 ended, 1 something failed, 2 usage.");
  app.add_option("--export_root", export_root, "what is shown at the mount point")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_option("--shared", shared,
                 "the state of the store: queues and counters; mounts of one file are one store")
      ->type_name("FILE")
      ->required();
  coppice::AddLatencyFlag(app, limits.latency);
  app.add_option("--operations_per_second", limits.operations_per_second,
                 "metadata operations of all mounts together; 0: no limit")
      ->check(CLI::Range(0.0, coppice::kStoreRateMax))
      ->capture_default_str();
  app.add_option("--bytes_per_second", limits.bytes_per_second,
                 "read by all mounts together; 0: no limit")
      ->check(CLI::Range(0.0, coppice::kStoreRateMax))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "requests of this mount that are under way at once")
      ->check(CLI::Range(1u, coppice::kThreadsMax))
      ->capture_default_str();
  app.add_option("--ready_fd", options.ready_fd, "is written 'ready' to when the mount serves");
  coppice::AddMountPointFlag(app, options.mount_point);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : coppice::kExitUsage;
  }
  const absl::Status status = coppice::Serve(export_root, shared, limits, options);
  if (status.ok()) return 0;
  fprintf(stderr, "slow_store: %s\n", std::string(status.message()).c_str());
  return coppice::kExitFailure;
}
