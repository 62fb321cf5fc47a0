// What a server's "host:port" means: the numeric addresses to bind, all of them or none.
//
// gRPC resolves a name too, but is content when one of its addresses can be bound; a client that
// tries another of them would then talk to a stranger. Does not bind for good: whoever takes the
// port between this and the bind is noticed only then.
//
// Thread-safe. Blocks for as long as the system's resolver does.
#ifndef COPPICE_RPC_LISTEN_ADDRESS_H_
#define COPPICE_RPC_LISTEN_ADDRESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace coppice {

// As "192.0.2.1:7117" or "[2001:db8::1]:7117", at least one, each free at the moment.
//
// Left out is what this machine does not have, as ::1 without IPv6: nobody else can sit there. For
// port 0 it is the first address only, since several would take different ports.
//
// INVALID_ARGUMENT for an address that cannot be; EADDRINUSE when one of them is busy, and
// EADDRNOTAVAIL when this machine has none of them, both with the cure.
absl::StatusOr<std::vector<std::string>> ResolveListenAddress(const std::string& address);

}  // namespace coppice

#endif  // COPPICE_RPC_LISTEN_ADDRESS_H_
