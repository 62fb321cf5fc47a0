// A process that we started: its log, its descriptors, its end.
//
// Between fork and exec the child makes system calls only, no allocation and no lock, so starting
// one is safe in a program with threads. Ends are awaited through a pidfd (pidfd_open(2)) and
// poll(2), never by sleeping. Start from a thread that outlives the child when a
// parent_death_signal is asked for: the kernel means the thread (prctl(2), PR_SET_PDEATHSIG).
#ifndef COPPICE_DEPLOY_CHILD_PROCESS_H_
#define COPPICE_DEPLOY_CHILD_PROCESS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/file_descriptor.h"
#include "deploy/descriptor_wait.h"
#include "deploy/exit_state.h"
#include "deploy/pipe.h"

namespace coppice {

// Namespaces to start a process in, as open files of /proc/PID/ns; -1: ours. Not owned.
struct NamespaceDescriptors {
  int network = -1;
  int mount = -1;
  int uts = -1;
  int pid = -1;
};

struct ChildProcessOptions {
  // The program, as an absolute path, and its arguments.
  std::vector<std::string> arguments;
  // All of it, as NAME=VALUE.
  std::vector<std::string> environment;
  // Standard output and error are appended to it; empty: they stay ours.
  std::string log_file;
  // Becomes standard input; -1: /dev/null.
  int standard_input = -1;
  // Becomes standard output instead of the log; -1: the log.
  int standard_output = -1;
  // Stay open in the child under their numbers; all others are closed.
  std::vector<int> kept_descriptors;
  // Sent to the child when the thread that started it ends; 0: none.
  int parent_death_signal = 0;
  // A session of its own: no terminal reaches it, nor the signals of its keys.
  bool new_session = false;
  // The program is not executed before Release; when we end first, it never is.
  bool held = false;
  NamespaceDescriptors namespaces;
};

// Not thread-safe. Destroying one kills the process, unless it has ended or was detached.
class ChildProcess {
 public:
  // A program that cannot be executed is an error here when it is missing or not executable; else
  // the process writes the reason into its log and ends with exit code 127.
  static absl::StatusOr<ChildProcess> Start(const ChildProcessOptions& options);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  // Readable when the process has ended.
  int pid_descriptor() const { return pid_descriptor_.get(); }

  // Lets a held process go.
  absl::Status Release();
  // The state it ended with; may be asked again.
  absl::StatusOr<ExitState> Wait(const WaitLimits& limits);
  // SIGTERM, and SIGKILL when it has not ended after `grace`. DEADLINE_EXCEEDED when even that does
  // not end it (it is stuck in the kernel).
  absl::StatusOr<ExitState> Terminate(absl::Duration grace);
  // It may outlive us.
  void Detach() { detached_ = true; }

 private:
  ChildProcess(pid_t pid, FileDescriptor pid_descriptor, Pipe gate);
  void KillAndReap();

  pid_t pid_ = -1;
  FileDescriptor pid_descriptor_;
  // A byte written here lets the process go.
  Pipe gate_;
  std::optional<ExitState> end_;
  bool detached_ = false;
};

// Our own environment, as `environment` wants it.
std::vector<std::string> OwnEnvironment();

}  // namespace coppice

#endif  // COPPICE_DEPLOY_CHILD_PROCESS_H_
