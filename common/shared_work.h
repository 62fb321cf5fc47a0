// Runs pieces of one piece of work on the caller's thread and, as they become free, on threads of a
// pool.
//
// Also on a thread of that very pool: the caller waits only for pieces that somebody has begun, so
// a pool whose threads all do this cannot stand still.
#ifndef COPPICE_COMMON_SHARED_WORK_H_
#define COPPICE_COMMON_SHARED_WORK_H_

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "common/thread_pool.h"

namespace coppice {

// Calls piece(i) once for each i below `piece_count`, on any of the threads, at most `threads_max`
// at a time with the caller's; returns when all have returned. Thread-safe. REQUIRES: threads_max >
// 0.
void RunShared(ThreadPool& pool, size_t piece_count, size_t threads_max,
               absl::FunctionRef<void(size_t)> piece);

}  // namespace coppice

#endif  // COPPICE_COMMON_SHARED_WORK_H_
