// Another file system that a user could take instead of ours, mounted for as long as this lives.
// Its program stays in the foreground, or, for a file system of the kernel's own, only makes the
// mount. Not for programs of ours, which say themselves when they serve (mounted_program.h). Not
// thread-safe.
#ifndef COPPICE_BENCH_PROCESS_MOUNT_PROCESS_H_
#define COPPICE_BENCH_PROCESS_MOUNT_PROCESS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/bench_context.h"
#include "deploy/child_process.h"

namespace coppice {

struct MountProcessOptions {
  // For errors.
  std::string who;
  // The whole command line; what it says goes to the log.
  std::vector<std::string> arguments;
  std::string log_file;
  // An empty directory; made if it is missing. Absolute, without symbolic links.
  std::string mount_point;
  // False: the program ends, and the mount stays.
  bool in_foreground = true;
};

class MountProcess {
 public:
  // Returns once it is mounted, as the mount table says. Errors end with the last lines of the log.
  static absl::StatusOr<MountProcess> Start(MountProcessOptions options,
                                            const BenchContext& context);

  MountProcess(MountProcess&& other) noexcept;
  MountProcess& operator=(MountProcess&&) = delete;
  // Unmounts, and waits for the program's end.
  ~MountProcess();

  const std::string& mount_point() const { return options_.mount_point; }
  // Of the program; none when it has ended.
  std::vector<pid_t> pids() const;

 private:
  MountProcess(MountProcessOptions options, ChildProcess program);

  absl::Status AwaitMount(const BenchContext& context);
  void DetachWhatIsMounted() const;

  MountProcessOptions options_;
  std::optional<ChildProcess> program_;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_PROCESS_MOUNT_PROCESS_H_
