// A FileSystem that writes down what the kernel asks for, beside answering it: `fuse_client
// --record`.
//
// It records what reaches FUSE, and so what a kernel without caches would have to be told again:
// that is what a replay must touch. An answer counts when it is known (a name by what it is, or as
// missing), a read or a listing when it is asked for; errors are no touches.
#ifndef COPPICE_FUSE_CLIENT_RECORDING_FILE_SYSTEM_H_
#define COPPICE_FUSE_CLIENT_RECORDING_FILE_SYSTEM_H_

#include <memory>

#include "fuse_client/file_system.h"
#include "trace/touch_log.h"

namespace coppice {

// REQUIRES: the log outlives it.
std::unique_ptr<FileSystem> MakeRecordingFileSystem(FileSystemParts parts,
                                                    FileSystemOptions options, TouchLog& log);

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_RECORDING_FILE_SYSTEM_H_
