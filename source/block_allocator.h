// The seam behind which block memory is allocated, so that it can become an arena that the local
// client shares.
#ifndef COPPICE_SOURCE_BLOCK_ALLOCATOR_H_
#define COPPICE_SOURCE_BLOCK_ALLOCATOR_H_

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"

namespace coppice {

// Thread-safe.
class BlockAllocator {
 public:
  virtual ~BlockAllocator() = default;

  // Uninitialised memory for `size` bytes, freed with its last reference.
  // REQUIRES: size <= kBlockBytes. ENOMEM when there is none.
  virtual absl::StatusOr<std::shared_ptr<char>> Allocate(size_t size) = 0;
};

// From the heap.
std::unique_ptr<BlockAllocator> MakeHeapBlockAllocator();

}  // namespace coppice

#endif  // COPPICE_SOURCE_BLOCK_ALLOCATOR_H_
