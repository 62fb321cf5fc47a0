// What must be true of a unix socket's place before a server may listen there, and who sees it.
//
// Errors name the path and the cure. Thread-safe: no state but the file system's.
#ifndef COPPICE_RPC_UNIX_SOCKET_H_
#define COPPICE_RPC_UNIX_SOCKET_H_

#include <sys/un.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace coppice {

// Makes the directory of the socket, 0700, if it is missing (its own parent must exist), and
// removes a socket that nobody answers on. INVALID_ARGUMENT: not absolute, or longer than a
// socket's address may be (unix(7)). EACCES: the directory belongs to somebody else, or others may
// enter it. EADDRINUSE: a server answers there. EEXIST: something else than a socket is there.
absl::Status PrepareUnixSocket(const std::string& path);

// The address of a socket at that path, for bind(2) and connect(2). ENAMETOOLONG when it does not
// fit.
absl::StatusOr<sockaddr_un> UnixSocketAddress(const std::string& path);

// Makes it 0600. REQUIRES: a server of ours listens there.
absl::Status RestrictUnixSocket(const std::string& path);

}  // namespace coppice

#endif  // COPPICE_RPC_UNIX_SOCKET_H_
