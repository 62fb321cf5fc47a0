// Speculation: requests that no reader waits for, on behalf of a layer that guesses.
//
// Bounded: beyond kSpeculationsMax under way, further ones are not sent. The destructor waits for
// those that were, since their answers come through layers that must still be there.
//
// Thread-safe.
#ifndef COPPICE_SOURCE_SPECULATION_H_
#define COPPICE_SOURCE_SPECULATION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "common/in_flight.h"
#include "source/source.h"

namespace coppice {

inline constexpr size_t kSpeculationsMax = 1'024;

// Blocks, and their bytes.
struct BlockCounter {
  std::atomic<uint64_t> blocks = 0;
  std::atomic<uint64_t> bytes = 0;

  void Count(const BlockKey& key) {
    blocks.fetch_add(1, std::memory_order_relaxed);
    bytes.fetch_add(key.LengthBytes(), std::memory_order_relaxed);
  }
};

class Speculation {
 public:
  template <typename T>
  using Guess = absl::AnyInvocable<void(const T&) &&>;

  // REQUIRES: `base` outlives this.
  explicit Speculation(Source& base) : base_(base) {}
  ~Speculation() { in_flight_.WaitUntilNone(); }
  Speculation(const Speculation&) = delete;
  Speculation& operator=(const Speculation&) = delete;

  // Asks for a block with the reader's context, made speculative; `done`, where one is given, gets
  // it. False, here and below: too many are under way, and `done` is not called.
  bool ReadBlock(const BlockKey& key, RequestContext context);
  bool ReadBlock(const BlockKey& key, RequestContext context, Done<BlockRef> done);

  // Asks for a path that may have been confirmed at any time.
  bool GetAttributes(const Path& path, RequestContext context, Done<PathState> done);

  // Asks for a whole listing, of any age, if a cache has it; `done` gets it, or a failure.
  bool ReadCachedDirectory(const Path& path, RequestContext context, Done<ListingRef> done);

  // Asks for a whole listing, of any age.
  bool ReadDirectory(const Path& path, RequestContext context, Done<ListingRef> done);

  // Asks the base for a reader's block, and calls `guess` once the reader has it: what nobody waits
  // for yet must not compete with what somebody does. The guess sees the block, or nullptr after a
  // failure. This may be destroyed meanwhile: it waits.
  void ReadBlockThen(const BlockKey& key, const RequestContext& context, Done<BlockRef> done,
                     Guess<BlockRef> guess);

  // The same for a whole listing.
  void ReadDirectoryThen(const Path& path, const RequestContext& context, Done<ListingRef> done,
                         Guess<ListingRef> guess);

  // Blocks asked for.
  const BlockCounter& blocks() const { return blocks_; }

 private:
  bool Begin();
  void End();
  // What goes below: `done`, and then the end of what was begun.
  template <typename T>
  Done<T> AndEnd(Done<T> done);
  template <typename T>
  Done<T> AndGuess(Done<T> done, Guess<T> guess);

  Source& base_;
  std::atomic<size_t> under_way_ = 0;
  BlockCounter blocks_;
  InFlight in_flight_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_SPECULATION_H_
