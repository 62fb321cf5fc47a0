// The small files read through mounts that a chain of ours stands beside: a FUSE file system that
// has all of it in memory, which is the floor of everything that is mounted with FUSE, and sshfs.
// Each mounts anew, so the kernel knows nothing, and unmounts. Blocks; not thread-safe, start from
// the main thread.
#ifndef COPPICE_BENCH_HOP_MOUNTED_WALK_H_
#define COPPICE_BENCH_HOP_MOUNTED_WALK_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/bench_context.h"
#include "bench/hop/costed_run.h"
#include "bench/process/loopback_ssh.h"

namespace coppice {

struct WalkedTree {
  std::string directory;
  uint64_t bytes = 0;
};

// Reads everything below; DATA_LOSS when it is another amount than that.
absl::Status WalkFiles(const std::string& directory, uint64_t bytes);

// What is mounted and logged goes into `scratch`, a directory.
// bench/floor_mount: `run` learns its costs and what the kernel asked it.
absl::StatusOr<absl::Duration> TimeFloorWalk(const WalkedTree& tree, const std::string& scratch,
                                             CostedRun& run, const BenchContext& context);
absl::StatusOr<absl::Duration> TimeSshfsWalk(const WalkedTree& tree, const std::string& scratch,
                                             const LoopbackSsh& ssh, const BenchContext& context);

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_MOUNTED_WALK_H_
