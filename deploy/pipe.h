// The two ends of a pipe(7), both closed on exec. Not thread-safe.
#ifndef COPPICE_DEPLOY_PIPE_H_
#define COPPICE_DEPLOY_PIPE_H_

#include "absl/status/statusor.h"
#include "common/file_descriptor.h"

namespace coppice {

struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

// The errno of pipe2(2) on failure.
absl::StatusOr<Pipe> OpenPipe();

}  // namespace coppice

#endif  // COPPICE_DEPLOY_PIPE_H_
