// Waiting for SIGTERM or SIGINT, for programs that run until they are told to stop; and for
// SIGUSR1, with which some are told to do something meanwhile.
#ifndef COPPICE_COMMON_TERMINATION_H_
#define COPPICE_COMMON_TERMINATION_H_

#include <functional>

namespace coppice {

// Blocks SIGTERM, SIGINT and SIGUSR1 and ignores SIGPIPE, in this thread and all that it starts
// later. Call it first in main, before any thread is started.
void BlockTerminationSignals();

// Returns the signal once SIGTERM or SIGINT has come. Until then, each SIGUSR1 runs
// `on_user_signal`, on this thread. REQUIRES: BlockTerminationSignals was called.
int AwaitTerminationSignal(const std::function<void()>& on_user_signal = [] {});

}  // namespace coppice

#endif  // COPPICE_COMMON_TERMINATION_H_
