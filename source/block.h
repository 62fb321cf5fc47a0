// A block: up to kBlockBytes of one version of one file. Immutable, contiguous, reference-counted.
//
// Evicting a block from a cache does not free it under a reader: the memory lives as long as its
// last BlockRef. Where the memory comes from is the allocator's business (block_allocator.h).
#ifndef COPPICE_SOURCE_BLOCK_H_
#define COPPICE_SOURCE_BLOCK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/types/span.h"
#include "source/attributes.h"
#include "source/path.h"

namespace coppice {

inline constexpr size_t kBlockBytes = size_t{1} << 20;

// Names a block's bytes for ever, because the version is part of it.
struct BlockKey {
  Path path;
  Version version;
  uint64_t index = 0;  // the block starts at index * kBlockBytes of the file

  // How many bytes the block has: kBlockBytes, less at the end of the file, 0 beyond it.
  size_t LengthBytes() const {
    const uint64_t start = index * kBlockBytes;
    if (start / kBlockBytes != index || start >= version.size) return 0;
    return static_cast<size_t>(std::min<uint64_t>(kBlockBytes, version.size - start));
  }

  friend bool operator==(const BlockKey&, const BlockKey&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const BlockKey& key) {
    return H::combine(std::move(state), key.path, key.version, key.index);
  }
};

// The number of blocks of a file of that size.
inline uint64_t BlockCount(uint64_t size_bytes) {
  return size_bytes / kBlockBytes + (size_bytes % kBlockBytes != 0 ? 1 : 0);
}

class Block {
 public:
  // `memory` owns the bytes; `crc32c` is their checksum, made where they were read from the backing
  // file system and carried along unchanged.
  Block(std::shared_ptr<const char> memory, size_t size, uint32_t crc32c)
      : memory_(std::move(memory)), size_(size), crc32c_(crc32c) {}

  absl::Span<const char> bytes() const { return {memory_.get(), size_}; }
  size_t size() const { return size_; }
  uint32_t crc32c() const { return crc32c_; }

 private:
  std::shared_ptr<const char> memory_;
  size_t size_;
  uint32_t crc32c_;
};

using BlockRef = std::shared_ptr<const Block>;

}  // namespace coppice

#endif  // COPPICE_SOURCE_BLOCK_H_
