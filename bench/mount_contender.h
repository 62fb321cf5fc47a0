// Those that mount_floor measures side by side: the same data on the local disk, in the floor's
// memory, and through a node of ours whose peer has all of it in its caches. Each is mounted anew
// for each measurement, which makes the kernel's caches of it cold and leaves those of the rest of
// the machine alone. Not thread-safe.
#ifndef COPPICE_BENCH_MOUNT_CONTENDER_H_
#define COPPICE_BENCH_MOUNT_CONTENDER_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/bench_context.h"
#include "bench/copy_count.h"
#include "bench/mount_cases.h"
#include "bench/node_costs.h"

namespace coppice {

// What it has cost so far.
struct ContenderCosts {
  // FUSE requests by kind.
  Counters fuse;
  // Calls that the client made to the peer, file data that came in their answers, and blocks that
  // the answers left where they were, in memory that both see.
  uint64_t calls = 0;
  uint64_t call_bytes = 0;
  uint64_t blocks_shared = 0;
  // Files that the peer opened in the backing store: none, when it was warm.
  uint64_t backing_opens = 0;
  // Of those whose copies can be computed from it; 0 of the others.
  MovedBytes moved;
  // Of the processes that serve: CPU time, and how often one of their threads stopped to wait.
  absl::Duration cpu;
  uint64_t waits = 0;
};

class MountContender {
 public:
  virtual ~MountContender() = default;

  virtual std::string name() const = 0;
  // Where the data is from now on, with cold caches as far as that is possible.
  virtual absl::StatusOr<std::string> Mount() = 0;
  virtual absl::Status Unmount() = 0;
  // Before each case. UNIMPLEMENTED says why the case cannot be measured; it is then left out.
  virtual absl::Status MakeCold(const MountCase& mount_case) = 0;
  virtual absl::StatusOr<ContenderCosts> Costs() = 0;
  // The process that serves the mount; -1: none does. REQUIRES: mounted.
  virtual pid_t server_pid() const = 0;
};

// `data` is the directory with the data; it outlives them, and so does the context.
// Only with `drop_caches`, names are made cold on the local disk: it drops those of the whole
// machine, and needs root.
std::unique_ptr<MountContender> MakeLocalContender(const std::string& data, bool drop_caches);
std::unique_ptr<MountContender> MakeFloorContender(const std::string& data,
                                                   const std::string& scratch,
                                                   const BenchContext& context);
// Starts the node and warms its peer: all cold cases are done once.
absl::StatusOr<std::unique_ptr<MountContender>> MakeCoppiceContender(const std::string& data,
                                                                     const MountData& amounts,
                                                                     const BenchContext& context);

// The longest that one case may take.
inline constexpr absl::Duration kCaseMax = absl::Minutes(5);

}  // namespace coppice

#endif  // COPPICE_BENCH_MOUNT_CONTENDER_H_
