// Ctrl-C as something to wait for: SIGINT, SIGTERM and SIGHUP are blocked and become readable on a
// descriptor, so that a program that was interrupted cleans up on its ordinary way out instead of
// in a signal handler (signalfd(2)).
//
// Catch before any thread is made; processes started with ChildProcess get their signals back. An
// interruption is never consumed: every later wait that is given the descriptor ends at once as
// well. Waits of the cleaning up itself must not be given it.
#ifndef COPPICE_DEPLOY_INTERRUPTION_H_
#define COPPICE_DEPLOY_INTERRUPTION_H_

#include "absl/status/statusor.h"
#include "common/file_descriptor.h"

namespace coppice {

// Thread-safe.
class Interruption {
 public:
  static absl::StatusOr<Interruption> Catch();

  int descriptor() const { return descriptor_.get(); }

 private:
  explicit Interruption(FileDescriptor descriptor) : descriptor_(std::move(descriptor)) {}

  FileDescriptor descriptor_;
};

}  // namespace coppice

#endif  // COPPICE_DEPLOY_INTERRUPTION_H_
