// Settings of the C library and of Abseil for a process that moves blocks: a peer, a client.
//
// Each with the reason, the measured gain in docs/decisions/0010-one-callback-thread.md. Neither
// changes what a program does.
#ifndef COPPICE_COMMON_PROCESS_TUNING_H_
#define COPPICE_COMMON_PROCESS_TUNING_H_

namespace coppice {

// To be called before the first thread is started. May be called again.
void TuneProcess();

}  // namespace coppice

#endif  // COPPICE_COMMON_PROCESS_TUNING_H_
