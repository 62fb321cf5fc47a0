// How a program that we start says that it serves: it writes "ready\n" to the descriptor named by
// its flag --ready_fd. Waits for that, or for its death, whichever comes first. Not thread-safe.
#ifndef COPPICE_DEPLOY_READY_PIPE_H_
#define COPPICE_DEPLOY_READY_PIPE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "deploy/child_process.h"
#include "deploy/descriptor_wait.h"
#include "deploy/pipe.h"

namespace coppice {

class ReadyPipe {
 public:
  static absl::StatusOr<ReadyPipe> Open();

  // For the program's --ready_fd and ChildProcessOptions::kept_descriptors.
  int write_descriptor() const { return pipe_.write_end.get(); }

  // Call when the program was started, or its death could not be told from its silence.
  void ProgramStarted() { pipe_.write_end.Reset(); }

  // OK once the program said that it is ready. `who` names node and program in the error, which
  // ends with the last lines of the log: FAILED_PRECONDITION when the program ended or said
  // something else, DEADLINE_EXCEEDED, CANCELLED. REQUIRES: ProgramStarted was called.
  absl::Status Wait(ChildProcess& program, const std::string& who, const std::string& log_file,
                    const WaitLimits& limits);

 private:
  explicit ReadyPipe(Pipe pipe) : pipe_(std::move(pipe)) {}

  Pipe pipe_;
  std::string received_;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_READY_PIPE_H_
