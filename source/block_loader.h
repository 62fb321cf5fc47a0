// The seam by which a reader that shares its peer's memory has a block brought there.
#ifndef COPPICE_SOURCE_BLOCK_LOADER_H_
#define COPPICE_SOURCE_BLOCK_LOADER_H_

#include "source/source.h"

namespace coppice {

// Thread-safe. Never blocks; `done` as the contract of Source.
class BlockLoader {
 public:
  virtual ~BlockLoader() = default;

  // As Source::ReadBlock, but the bytes stay where they are. True: they were put into the shared
  // memory, and can be found there until they are evicted; false: they were not, and have to be
  // read.
  virtual void LoadBlock(const BlockKey& key, const RequestContext& context, Done<bool> done) = 0;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_BLOCK_LOADER_H_
