// A program that mounts a FUSE file system for a benchmark, and its end: our fuse_client, or one of
// bench/'s own. It takes --ready_fd and a mount point, and unmounts on SIGTERM; so it does when we
// die, however we do. Not thread-safe; start from the main thread (deploy/child_process.h says
// why).
#ifndef COPPICE_BENCH_MOUNTED_PROGRAM_H_
#define COPPICE_BENCH_MOUNTED_PROGRAM_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/bench_context.h"
#include "deploy/child_process.h"

namespace coppice {

struct MountedProgramOptions {
  // For errors: "floor_mount".
  std::string name;
  // The program and its flags, without --ready_fd and the mount point.
  std::vector<std::string> arguments;
  // Absolute, without symbolic links; is made, and removed at the end.
  std::string mount_point;
  std::string log_file;
};

class MountedProgram {
 public:
  // Returns when the program says that it serves. An error shows the end of its log.
  static absl::StatusOr<std::unique_ptr<MountedProgram>> Start(const MountedProgramOptions& options,
                                                               const BenchContext& context);

  ~MountedProgram() { (void)Stop(); }
  MountedProgram(const MountedProgram&) = delete;
  MountedProgram& operator=(const MountedProgram&) = delete;

  const std::string& mount_point() const { return mount_point_; }
  pid_t pid() const { return process_.pid(); }

  // Unmounts and waits for its end; by force when it does not do so itself. Again: nothing.
  absl::Status Stop();

 private:
  MountedProgram(std::string mount_point, ChildProcess process);

  const std::string mount_point_;
  ChildProcess process_;
  bool stopped_ = false;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_MOUNTED_PROGRAM_H_
