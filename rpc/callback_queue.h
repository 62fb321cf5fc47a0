// The queue and the threads that run gRPC's callbacks, in place of gRPC's own.
//
// gRPC 1.51 serves the callbacks of a process by 2 to 16 threads, half as many as there are
// processors, which all wait in the same poller: each event that one of them receives wakes another
// to go on polling, and a request of three events costs as many handovers
// (docs/decisions/0010-one-callback-thread.md). Here one thread serves as long as it keeps up.
// Others, up to the same number, join it while there is always more to do, and leave it when one of
// them had to wait.
//
// How: gRPC's library calls CompletionQueue::CallbackAlternativeCQ for the queue, which is a symbol
// like any other: a program that defines it is asked instead. This target does. So whatever
// is linked with it has this queue, with nothing to call; a gRPC that does not ask for the queue (a
// later one) goes its own way, and callback_queue_test says so.
//
// A callback must not block (it never might): nobody may run meanwhile whom it waits for.
//
// The queue and its threads are there until the process ends. gRPC's own goes with the last channel
// and, when a callback is what held that, joins its thread from itself.
#ifndef COPPICE_RPC_CALLBACK_QUEUE_H_
#define COPPICE_RPC_CALLBACK_QUEUE_H_

#include <cstdint>

namespace coppice {

struct CallbackQueueCounters {
  uint64_t callbacks = 0;    // run so far
  uint64_t spare_joins = 0;  // how often another thread joined the first
};

// Thread-safe. Starts the queue, if gRPC has not asked for it yet.
CallbackQueueCounters CountCallbacks();

}  // namespace coppice

#endif  // COPPICE_RPC_CALLBACK_QUEUE_H_
