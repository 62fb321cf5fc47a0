// SharedReadingSource: reads blocks from the memory that the peer of this node shares, so that a
// block which the peer holds costs no request.
//
// A block that is not found there is loaded (one request, however many wait), and then found. Only
// when that fails too (the peer could not show it, or it was evicted at once) are its bytes asked
// for as a message; and when the version is gone, so that the caches below hear of that.
//
// The peer does not see what is found. Of a file that is fetched ahead in a window it must: the
// first read of each of its blocks is told, by a load that nobody waits for, unless the whole
// window is there already.
//
// Thread-safe. Destructor as the contract of Source; waits for the loads that nobody waits for.
#ifndef COPPICE_SOURCE_SHARED_READING_SOURCE_H_
#define COPPICE_SOURCE_SHARED_READING_SOURCE_H_

#include <memory>

#include "source/block_loader.h"
#include "source/layer_statistics.h"
#include "source/shared_block_reader.h"
#include "source/source.h"

namespace coppice {

// Counters: found, loaded (found after a load), as_message.
class SharedReadingSource : public Source, public Measurable {
 public:
  // Where to look from now on; null: nowhere, all blocks come as messages.
  virtual void SetReader(std::shared_ptr<SharedBlockReader> reader) = 0;
};

// REQUIRES: both outlive the result.
std::unique_ptr<SharedReadingSource> MakeSharedReadingSource(Source& base, BlockLoader& loader);

}  // namespace coppice

#endif  // COPPICE_SOURCE_SHARED_READING_SOURCE_H_
