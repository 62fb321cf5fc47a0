// Sends an open descriptor to another process over a unix socket (SCM_RIGHTS, unix(7)), which gRPC
// cannot.
//
// Thread-safe: no state.
#ifndef COPPICE_RPC_DESCRIPTOR_PASSING_H_
#define COPPICE_RPC_DESCRIPTOR_PASSING_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file_descriptor.h"

namespace coppice {

// One message with a copy of the descriptor. Errors as sendmsg(2).
absl::Status SendDescriptor(int socket, int descriptor);

// The descriptor of the next message, closed on exec. Blocks unless the socket does not.
// UNAVAILABLE: the other side has closed; INVALID_ARGUMENT: a message without exactly one
// descriptor; errors as recvmsg(2).
absl::StatusOr<FileDescriptor> ReceiveDescriptor(int socket);

}  // namespace coppice

#endif  // COPPICE_RPC_DESCRIPTOR_PASSING_H_
