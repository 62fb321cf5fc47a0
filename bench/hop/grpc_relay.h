// The raw gRPC end of the comparison: no cache, no checksum, no path, the least that gRPC lets a
// relay do. An origin answers each call with as many bytes as its request says, from one piece of
// memory that is never copied; a relay passes requests and answers on as ByteBuffers. Callbacks
// throughout, as in our own peers.
#ifndef COPPICE_BENCH_HOP_GRPC_RELAY_H_
#define COPPICE_BENCH_HOP_GRPC_RELAY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace coppice {

// The largest answer.
inline constexpr size_t kRawAnswerBytesMax = size_t{1} << 20;

class RawServer {
 public:
  virtual ~RawServer() = default;  // ends it
  // "127.0.0.1:PORT".
  virtual const std::string& address() const = 0;
};

// On 127.0.0.1; port 0 takes a free one. An empty `next`: an origin.
absl::StatusOr<std::unique_ptr<RawServer>> StartRawServer(uint16_t port, const std::string& next);

// The client: `calls` calls of `answer_bytes` each, `width` at a time, over a channel like the one
// that our peers read blocks by. Blocks. The answers stay in gRPC's own pieces of memory. REQUIRES:
// answer_bytes <= kRawAnswerBytesMax.
absl::Status ReadOverGrpc(const std::string& address, size_t calls, size_t answer_bytes,
                          size_t width);

}  // namespace coppice

#endif  // COPPICE_BENCH_HOP_GRPC_RELAY_H_
