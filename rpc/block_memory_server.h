// BlockMemoryServer: where the clients of a node get the memory of its peer's blocks.
//
// A unix socket beside the peer's own (block_memory_socket.h), since gRPC cannot pass descriptors.
// The conversation: the peer sends the descriptor of its memory; the client sends that of its pins;
// the peer sends one byte: from then on the client may read. The connection then stays open, and
// nothing more is said: when it ends, the client is gone, and so are its pins. What the memory
// holds: source/shared_block_layout.h.
//
// As the peer's socket it is 0600 in a directory of 0700; and a caller of another uid is refused.
//
// One thread, asleep but when a client comes or goes. Thread-safe.
#ifndef COPPICE_RPC_BLOCK_MEMORY_SERVER_H_
#define COPPICE_RPC_BLOCK_MEMORY_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "source/shared_block_arena.h"

namespace coppice {

class BlockMemoryServer {
 public:
  // Ends all connections and removes the socket.
  virtual ~BlockMemoryServer() = default;
};

// Listens at that path; errors as PrepareUnixSocket (unix_socket.h), and of socket(2), bind(2).
// REQUIRES: `arena` outlives the result.
absl::StatusOr<std::unique_ptr<BlockMemoryServer>> StartBlockMemoryServer(const std::string& path,
                                                                          SharedBlockArena& arena);

}  // namespace coppice

#endif  // COPPICE_RPC_BLOCK_MEMORY_SERVER_H_
