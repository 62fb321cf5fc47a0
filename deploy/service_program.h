// A program of a service on a node, peer_server or fuse_client, as a process that we started: with
// the pipe on which it says that it is ready, and written down before it does anything. Not
// thread-safe; start from the main thread (child_process.h says why).
#ifndef COPPICE_DEPLOY_SERVICE_PROGRAM_H_
#define COPPICE_DEPLOY_SERVICE_PROGRAM_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "deploy/child_process.h"
#include "deploy/descriptor_wait.h"
#include "deploy/process_identity.h"
#include "deploy/ready_pipe.h"

namespace coppice {

struct ServiceProgramOptions {
  // Names node and program in errors.
  std::string who;
  // The program, as an absolute path, and its arguments, but for --ready_fd.
  std::vector<std::string> arguments;
  std::string log_file;
  // As ChildProcessOptions has it.
  int parent_death_signal = 0;
  NamespaceDescriptors namespaces;
  // Writes the process down; it runs only when that is done. Required.
  std::function<absl::Status(const ProcessIdentity&)> remember;
};

class ServiceProgram {
 public:
  // Returns when it runs, which is before it serves.
  static absl::StatusOr<ServiceProgram> Start(const ServiceProgramOptions& options);

  // As ReadyPipe::Wait.
  absl::Status AwaitReady(const WaitLimits& limits) {
    return ready_.Wait(process_, who_, log_file_, limits);
  }

  ChildProcess& process() { return process_; }
  const std::string& log_file() const { return log_file_; }

 private:
  ServiceProgram(ChildProcess process, ReadyPipe ready, std::string who, std::string log_file)
      : process_(std::move(process)),
        ready_(std::move(ready)),
        who_(std::move(who)),
        log_file_(std::move(log_file)) {}

  ChildProcess process_;
  ReadyPipe ready_;
  std::string who_;
  std::string log_file_;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_SERVICE_PROGRAM_H_
