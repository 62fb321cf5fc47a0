// Waiting for SIGTERM or SIGINT, for programs that run until they are told to stop.
#ifndef COPPICE_COMMON_TERMINATION_H_
#define COPPICE_COMMON_TERMINATION_H_

namespace coppice {

// Blocks SIGTERM and SIGINT and ignores SIGPIPE, in this thread and all that it starts later. Call
// it first in main, before any thread is started.
void BlockTerminationSignals();

// Returns the signal once one has come. REQUIRES: BlockTerminationSignals was called.
int AwaitTerminationSignal();

}  // namespace coppice

#endif  // COPPICE_COMMON_TERMINATION_H_
