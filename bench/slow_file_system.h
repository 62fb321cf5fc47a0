// A layer over a file system of bench/ that makes each request wait as a slow, shared store would,
// and counts it (store_limiter.h, store_counters.h). A handler sleeps on its thread: as many
// requests of a mount are under way as it has threads.
#ifndef COPPICE_BENCH_SLOW_FILE_SYSTEM_H_
#define COPPICE_BENCH_SLOW_FILE_SYSTEM_H_

#include <memory>

#include "bench/fuse_server.h"
#include "bench/shared_store.h"
#include "bench/store_limiter.h"

namespace coppice {

// REQUIRES: base and store outlive it.
std::unique_ptr<FuseFileSystem> MakeSlowFileSystem(FuseFileSystem& base, const StoreLimits& limits,
                                                   const SharedStore& store);

}  // namespace coppice

#endif  // COPPICE_BENCH_SLOW_FILE_SYSTEM_H_
