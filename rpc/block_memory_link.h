// BlockMemoryLink: a client's hold on the memory of its peer's blocks. See block_memory_server.h.
//
// While the link lives, the peer respects the pins of its reader. A peer that dies leaves the
// memory as it is: what was found in it is still right, only nothing new appears there.
#ifndef COPPICE_RPC_BLOCK_MEMORY_LINK_H_
#define COPPICE_RPC_BLOCK_MEMORY_LINK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/file_descriptor.h"
#include "source/shared_block_reader.h"

namespace coppice {

// How long the peer may take to say hello, on the same machine.
inline constexpr absl::Duration kBlockMemoryTimeout = absl::Seconds(5);

// Not thread-safe; its reader is.
class BlockMemoryLink {
 public:
  // Blocks for kBlockMemoryTimeout at most. The errno of connecting, ENOENT when the peer offers
  // none; INVALID_ARGUMENT: what came is not the memory of a peer of this version.
  static absl::StatusOr<std::unique_ptr<BlockMemoryLink>> Connect(const std::string& path);

  SharedBlockReader& reader() { return *reader_; }

 private:
  BlockMemoryLink(FileDescriptor socket, std::unique_ptr<SharedBlockReader> reader)
      : socket_(std::move(socket)), reader_(std::move(reader)) {}

  const FileDescriptor socket_;
  const std::unique_ptr<SharedBlockReader> reader_;
};

}  // namespace coppice

#endif  // COPPICE_RPC_BLOCK_MEMORY_LINK_H_
