// PacingSource: what is read ahead goes a few blocks at a time.
//
// Blocks that are asked for at once share the way, and the processors that carry them: all come at
// the end, and what a reader asks for meanwhile comes behind them. So of large blocks that nobody
// waits for, only some are under way; the others are held here. A reader's own request passes at
// once, also for a block that is held: whoever asks for it later finds it.
//
// Those that are deferred (RequestContext) go after the others, and the last of them first: the
// dynamic loader opens all libraries in order, and then relocates them in the opposite one.
//
// Only the guesses of this process are held (RequestContext::guessed_here): those of a child were
// paced there, and one of a client may be a flight there that its reader has joined. How many are
// held is bounded by those who guess (speculation.h). Thread-safe. It belongs above the single
// flight, so that what is held is no flight that a reader could join.
#ifndef COPPICE_SOURCE_PACING_SOURCE_H_
#define COPPICE_SOURCE_PACING_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "source/layer_statistics.h"
#include "source/source.h"

namespace coppice {

// Smaller blocks are not held.
inline constexpr size_t kPacedBlockBytesMin = (64 << 10) + 1;

// A node with many processors has at most so many blocks under way.
inline constexpr uint64_t kPacedBlocksMax = 16;

// Statistics, layer "pacing": paced (requests), held (a gauge: those that are, now).
class PacingSource : public Source, public Measurable {};

// What is read ahead may keep half of this machine busy, and leaves the rest to who reads: a block
// for every second processor, one at least.
uint64_t PacingWindowBytes();

// The next request that is held goes when fewer than `window_bytes` are under way.
// REQUIRES: `base` outlives the result; window_bytes > 0.
std::unique_ptr<PacingSource> MakePacingSource(Source& base, uint64_t window_bytes);

}  // namespace coppice

#endif  // COPPICE_SOURCE_PACING_SOURCE_H_
