// The memory through which a peer shows its blocks to the clients of its own node.
//
// Two memfds. The peer's, which clients map for reading only:
//
//   SharedBlockHeader | SharedBlockEntry[entry_count] | the blocks' bytes
//
// and one that each client makes and the peer maps as well, for what the client has to say:
//
//   SharedBlockPins | one byte for each entry: has this client read it?
//
// The entries are a hash table of the blocks that the peer holds. A client that finds a block in it
// reads the bytes where they are, without asking anybody. That the memory is not used for something
// else meanwhile is settled by hazard pointers (Michael, "Hazard Pointers: Safe Memory Reclamation
// for Lock-Free Objects", IEEE TPDS 15(6), 2004):
//
//   client:  finds the entry live; writes the block's offset into a pin; looks again whether the
//            entry is the same life; if so reads; clears the pin.
//   peer:    ends the entry's life; later, when nobody here uses the block either, looks through
//            all pins; frees the memory only when none names it.
//
// With both sides' writes before their reads in one order (sequential consistency), either the
// client sees that the entry ended or the peer sees the pin. What a client leaves when it dies goes
// with its connection. So a lease needs no message, and none is lost for ever.
//
// A miss here says nothing: the table is a hint, and the client then asks. A hit is never wrong:
// keys are 128 bits of XXH3 over a secret of the peer's, the path, the version and the index.
#ifndef COPPICE_SOURCE_SHARED_BLOCK_LAYOUT_H_
#define COPPICE_SOURCE_SHARED_BLOCK_LAYOUT_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "source/block.h"

namespace coppice {

inline constexpr uint64_t kSharedBlockMagic = 0x31304b4c42504f43;  // "COPBLK01", little-endian

struct SharedBlockHeader {
  uint64_t magic = kSharedBlockMagic;
  uint64_t secret = 0;
  uint64_t entry_count = 0;    // a power of two
  uint64_t entries_start = 0;  // bytes from the start of the mapping, as the next
  uint64_t data_start = 0;
  uint64_t data_bytes = 0;
};

// Only the peer writes. All but `life` change only while it is even.
struct alignas(64) SharedBlockEntry {
  // Odd: live. Each change of state adds 1.
  std::atomic<uint64_t> life;
  std::atomic<uint64_t> key_low;
  std::atomic<uint64_t> key_high;
  std::atomic<uint64_t> offset;  // from data_start
  std::atomic<uint32_t> length;
  std::atomic<uint32_t> crc32c;
};
static_assert(sizeof(SharedBlockEntry) == 64);
static_assert(std::atomic<uint64_t>::is_always_lock_free);

// How many blocks a client can be reading at once.
inline constexpr size_t kSharedBlockPinsMax = 64;

struct SharedBlockPins {
  // The offset of a block that the client may be reading, plus 1; 0: none.
  std::array<std::atomic<uint64_t>, kSharedBlockPinsMax> pinned;
};

// The byte for each entry: 1 when the client has read the block since the peer last looked.
using SharedBlockReadMark = std::atomic<uint8_t>;

// An entry of a key is one of these many, from the one that its hash names.
inline constexpr size_t kSharedBlockProbesMax = 16;

struct SharedBlockKey {
  uint64_t low = 0;
  uint64_t high = 0;
};

SharedBlockKey HashBlockKey(const BlockKey& key, uint64_t secret);

// The bytes of a client's memory.
inline constexpr size_t SharedBlockClientBytes(uint64_t entry_count) {
  return sizeof(SharedBlockPins) + entry_count;
}

}  // namespace coppice

#endif  // COPPICE_SOURCE_SHARED_BLOCK_LAYOUT_H_
