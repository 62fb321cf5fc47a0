// Errors: one convention for the whole house.
//
// A failure is an absl::Status. One that began as an errno keeps that errno, exactly, as a payload
// of the status: through every layer, across gRPC (rpc/codec) and back to the kernel (fuse_client).
// Several errnos share one status code, so the code alone could not give the errno back.
//
// Thread-safe: pure functions.
#ifndef COPPICE_COMMON_STATUS_H_
#define COPPICE_COMMON_STATUS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace coppice {

// The status of a failed system call. `what` says what was tried on what, e.g. "open 'a/b'"; the
// errno's own text is appended. REQUIRES: error_number > 0.
absl::Status ErrnoStatus(int error_number, absl::string_view what);

// The errno for a status: the one it was made from, else the nearest to its code
// (DEADLINE_EXCEEDED, UNAVAILABLE and what has no better errno are EIO). 0 for an OK status.
int StatusErrno(const absl::Status& status);

// Whether the status began as an errno, here or behind a wire.
bool HasErrno(const absl::Status& status);

// The same status with "context: " before its message; the payload stays. OK stays OK.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

}  // namespace coppice

#endif  // COPPICE_COMMON_STATUS_H_
