#include "deploy/pipe.h"

#include <fcntl.h>

#include <cerrno>

#include "common/status.h"

namespace coppice {

absl::StatusOr<Pipe> OpenPipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "make a pipe");
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

}  // namespace coppice
