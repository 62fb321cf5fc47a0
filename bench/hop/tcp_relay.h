// The bare TCP end of the comparison. An origin answers a connection that sends a number (8 bytes,
// this machine's order) with that many bytes from memory, and closes it. A relay connects to the
// next process for each connection and copies both directions with read(2) and write(2).
//
// Meant for one connection at a time; each has threads of its own.
#ifndef COPPICE_BENCH_HOP_TCP_RELAY_H_
#define COPPICE_BENCH_HOP_TCP_RELAY_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/hop/tcp_socket.h"

namespace coppice {

// Serves until the process ends; returns only an error of accepting. An empty `next`: an origin.
absl::Status ServeTcp(const TcpListener& listener, const std::string& next);

// The client: asks for that many bytes and reads them all.
absl::Status ReadOverTcp(const std::string& address, uint64_t bytes);

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_TCP_RELAY_H_
