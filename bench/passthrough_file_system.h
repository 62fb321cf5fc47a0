// A file system that hands every request on to a directory, and keeps nothing but the names of the
// nodes. Files and directories are opened, as a passthrough does; the kernel keeps what it can.
#ifndef COPPICE_BENCH_PASSTHROUGH_FILE_SYSTEM_H_
#define COPPICE_BENCH_PASSTHROUGH_FILE_SYSTEM_H_

#include <memory>
#include <string>

#include "bench/fuse_server.h"

namespace coppice {

std::unique_ptr<FuseFileSystem> MakePassthroughFileSystem(std::string root);

}  // namespace coppice

#endif  // COPPICE_BENCH_PASSTHROUGH_FILE_SYSTEM_H_
