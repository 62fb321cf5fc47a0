// What a process that moves blocks (a peer, a client) does differently beneath its code: it takes
// memory from mimalloc, by being linked with this, and Abseil does not watch the order of locks.
//
// The reasons and what was measured are in docs/decisions/0010-one-callback-thread.md and
// 0019-who-waits-for-a-processor.md. Neither changes what a program does.
#ifndef COPPICE_COMMON_PROCESS_TUNING_H_
#define COPPICE_COMMON_PROCESS_TUNING_H_

namespace coppice {

// To be called before the first thread is started. May be called again.
void TuneProcess();

}  // namespace coppice

#endif  // COPPICE_COMMON_PROCESS_TUNING_H_
