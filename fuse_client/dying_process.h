// Whether an interrupted caller is about to die: what decides if its request may end with EINTR.
//
// The kernel sends FUSE_INTERRUPT for every signal that a waiting thread takes, also for those with
// a handler (a profiler's timer, a batch system's warning, a runtime's own preemption). On a local
// file system these never make stat(2) or a page fault fail, and programs do not expect it: an
// EINTR would fail an import, and an interrupted page of a mapped library is a SIGBUS. So only a
// thread that is being killed is let go early, as NFS and other network file systems do
// (TASK_KILLABLE).
#ifndef COPPICE_FUSE_CLIENT_DYING_PROCESS_H_
#define COPPICE_FUSE_CLIENT_DYING_PROCESS_H_

#include <sys/types.h>

#include "absl/strings/string_view.h"

namespace coppice {

// Whether a fatal signal is pending for the thread: the kernel turns each into SIGKILL for every
// thread of its process. False when that cannot be known (a thread of another PID namespace). Reads
// /proc.
bool IsDying(pid_t thread);

// The same, from the text of /proc/<thread>/status (proc(5)).
bool HasKillPending(absl::string_view status_text);

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_DYING_PROCESS_H_
