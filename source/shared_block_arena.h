// SharedBlockArena: the peer's block memory, in a sealed memfd that clients of the same node map
// for reading, with the table by which they find blocks in it. How both sides agree on what may be
// read and what may be used again: shared_block_layout.h.
//
// When the arena has no extent that is long enough, blocks come from the heap: they are cached and
// sent as all others, and just not shown.
//
// Thread-safe; one lock for the extents, one for the table, neither on a client's way.
#ifndef COPPICE_SOURCE_SHARED_BLOCK_ARENA_H_
#define COPPICE_SOURCE_SHARED_BLOCK_ARENA_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "common/file_descriptor.h"
#include "source/block_allocator.h"
#include "source/block_publisher.h"
#include "source/layer_statistics.h"

namespace coppice {

// Clients of one arena at a time: a node has one mount, or a few.
inline constexpr size_t kSharedBlockClientsMax = 16;

// The arena is larger than what is cached by this part, for blocks on their way and for extents
// that are too short for anything. No memory is used for it before it holds a block.
inline constexpr size_t kArenaSlackDivisor = 8;

// Counters: clients, published, not_published, heap_blocks (no room in the arena), bytes (in
// use), pinned (extents that wait for a client), capacity_bytes.
class SharedBlockArena : public BlockAllocator, public BlockPublisher, public Measurable {
 public:
  // The memory for clients. Owned by the arena; open for reading only.
  virtual int descriptor() const = 0;

  // Whether the bytes lie in the arena.
  virtual bool Holds(const Block& block) const = 0;

  using ClientId = uint64_t;
  // From now on the pins and marks of this client's memory count.
  // INVALID_ARGUMENT for memory that is no memfd of SharedBlockClientBytes sealed against
  // shrinking; RESOURCE_EXHAUSTED beyond kSharedBlockClientsMax.
  virtual absl::StatusOr<ClientId> AddClient(FileDescriptor descriptor) = 0;
  // The client is gone: its pins hold nothing any more.
  virtual void RemoveClient(ClientId client) = 0;
};

// For a cache of that many bytes. The errno of what the kernel refused.
absl::StatusOr<std::unique_ptr<SharedBlockArena>> MakeSharedBlockArena(size_t cache_bytes);

}  // namespace coppice

#endif  // COPPICE_SOURCE_SHARED_BLOCK_ARENA_H_
