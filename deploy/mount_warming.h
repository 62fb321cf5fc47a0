// Replays a recording through the mount of this node, by a process of its own (deploy/warm.cc), so
// that a mount that hangs does not hang who waits for it. For the nodes of `launch --local`, all at
// once, see node_warming.h.
//
// Blocks. Not thread-safe; run it on the main thread (child_process.h says why).
#ifndef COPPICE_DEPLOY_MOUNT_WARMING_H_
#define COPPICE_DEPLOY_MOUNT_WARMING_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "deploy/descriptor_wait.h"

namespace coppice {

struct MountWarmingOptions {
  // The program `warm`, the recording, and the mount; absolute.
  std::string program;
  std::string trace;
  std::string mount_point;
  // What the process says is appended to it: at its end what was moved, and what no longer fits.
  std::string log_file;
  // Is told what was read until now, about once a second and at the end; runs within WarmMount;
  // required.
  std::function<void(uint64_t bytes)> on_progress;
};

// OK when all of it was replayed. FAILED_PRECONDITION when that could not be, with the end of the
// log; DEADLINE_EXCEEDED or CANCELLED by the limits, and then the process is killed.
absl::Status WarmMount(const MountWarmingOptions& options, const WaitLimits& limits);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_MOUNT_WARMING_H_
