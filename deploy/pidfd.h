// The system calls of pidfd_open(2) and pidfd_send_signal(2). Not through <sys/pidfd.h>: in
// glibc 2.36 it declares them without extern "C". Both return -1 and set errno on failure.
// Thread-safe.
#ifndef COPPICE_DEPLOY_PIDFD_H_
#define COPPICE_DEPLOY_PIDFD_H_

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace coppice {

// Closed on exec. Readable when the process has ended.
inline int OpenPidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

inline int SignalPidfd(int pidfd, int signal) {
  return static_cast<int>(syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

}  // namespace coppice

#endif  // COPPICE_DEPLOY_PIDFD_H_
