#include "bench/hop/mounted_walk.h"

#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/fuse_server.h"
#include "bench/mounted_program.h"
#include "bench/node_costs.h"
#include "bench/process/kernel_reader.h"
#include "bench/process/mount_process.h"
#include "common/status.h"
#include "deploy/program_files.h"

namespace coppice {
namespace {

constexpr int kSshfsAttemptsMax = 3;

}  // namespace

absl::Status WalkFiles(const std::string& directory, uint64_t bytes) {
  const absl::StatusOr<TreeTotals> totals = WalkTree(directory, /*read_files=*/true);
  if (!totals.ok()) return totals.status();
  if (totals->bytes == bytes) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(totals->bytes, " bytes were read in '", directory, "' instead of ", bytes));
}

absl::StatusOr<absl::Duration> TimeFloorWalk(const WalkedTree& tree, const std::string& scratch,
                                             CostedRun& run, const BenchContext& context) {
  const auto program = FindProgram("bench/floor_mount");
  if (!program.ok()) return program.status();
  const auto mount = MountedProgram::Start(
      {.name = "floor_mount",
       .arguments = {*program, absl::StrCat("--export_root=", tree.directory), "--tree=/"},
       .mount_point = absl::StrCat(scratch, "/floor"),
       .log_file = absl::StrCat(scratch, "/floor_mount.log")},
      context);
  if (!mount.ok()) return mount.status();
  const std::string& mount_point = (*mount)->mount_point();
  auto elapsed = run.Measure({(*mount)->pid()}, [&] { return WalkFiles(mount_point, tree.bytes); });
  const auto requests = ReadRequestCounters(mount_point);
  if (!requests.ok()) return requests.status();
  std::vector<Count> counts = {
      {"FUSE requests", static_cast<double>(FuseRequestsBesideIoctl(*requests))}};
  AppendCounts(FuseCounts(*requests), counts);
  run.SetCounts(std::move(counts));
  return elapsed;
}

absl::StatusOr<absl::Duration> TimeSshfsWalk(const WalkedTree& tree, const std::string& scratch,
                                             const LoopbackSsh& ssh, const BenchContext& context) {
  const std::string mount_point = absl::StrCat(scratch, "/sshfs");
  for (int attempt = 1;; ++attempt) {
    const auto mount =
        MountProcess::Start({.who = "sshfs",
                             .arguments = ssh.SshfsCommand(tree.directory, mount_point),
                             .log_file = absl::StrCat(scratch, "/sshfs.log"),
                             .mount_point = mount_point},
                            context);
    if (!mount.ok()) return mount.status();
    CostedRun without_costs;
    auto took = without_costs.Measure({}, [&] { return WalkFiles(mount_point, tree.bytes); });
    // Now and then its connection is gone as soon as it is mounted.
    if (StatusErrno(took.status()) != ENOTCONN || attempt == kSshfsAttemptsMax) return took;
  }
}

}  // namespace coppice
