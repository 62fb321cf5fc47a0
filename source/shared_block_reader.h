// SharedBlockReader: finds blocks in a peer's shared memory, and reads them there. The client's
// side of shared_block_layout.h.
//
// A block that was found stays as it is for as long as somebody here holds it, also when the peer
// evicts it or dies. Hold it for the time of an answer only: each takes one of kSharedBlockPinsMax
// pins, and when all are taken nothing is found.
//
// Thread-safe, without locks. Blocks may outlive the reader.
#ifndef COPPICE_SOURCE_SHARED_BLOCK_READER_H_
#define COPPICE_SOURCE_SHARED_BLOCK_READER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "common/file_descriptor.h"
#include "source/block.h"
#include "source/layer_statistics.h"

namespace coppice {

struct FoundBlock {
  BlockRef block;           // null: not found, which says nothing about whether it is there
  bool first_read = false;  // by this client, as far as the peer remembers
};

// Counters: hits, misses, without_pin, first_reads, first_read_bytes.
class SharedBlockReader : public Measurable {
 public:
  // `for_reader`: somebody wants the bytes now, which counts as a read.
  virtual FoundBlock Find(const BlockKey& key, bool for_reader = true) = 0;

  // Whether Find would find it now, as far as a look at the table tells. Counts nothing.
  virtual bool Shows(const BlockKey& key) const = 0;

  // The memory that the peer must be given before anything is found (SharedBlockArena::AddClient).
  virtual int client_descriptor() const = 0;
};

// On the memory of SharedBlockArena::descriptor().
// INVALID_ARGUMENT: not the memory of an arena of this version.
absl::StatusOr<std::unique_ptr<SharedBlockReader>> OpenSharedBlocks(FileDescriptor descriptor);

}  // namespace coppice

#endif  // COPPICE_SOURCE_SHARED_BLOCK_READER_H_
