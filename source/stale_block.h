// What a failure to read a block says about the file.
//
// Thread-safe: a pure function.
#ifndef COPPICE_SOURCE_STALE_BLOCK_H_
#define COPPICE_SOURCE_STALE_BLOCK_H_

#include "absl/status/status.h"

namespace coppice {

// Whether Source::ReadBlock failed because its path has another version of the file now (ESTALE),
// something that is no regular file (EISDIR, EINVAL), or nothing (ENOENT, ENOTDIR). Whoever
// remembers that the path had the version must forget that. False for failures without an errno,
// which are of the way to the file.
bool SaysVersionIsGone(const absl::Status& status);

}  // namespace coppice

#endif  // COPPICE_SOURCE_STALE_BLOCK_H_
