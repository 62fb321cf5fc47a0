#include "source/speculation.h"

#include <utility>

namespace coppice {

bool Speculation::ReadBlock(const BlockKey& key, RequestContext context) {
  if (!Begin()) return false;
  blocks_.Count(key);
  context.speculative = true;
  base_.ReadBlock(key, context, [this](const absl::StatusOr<BlockRef>&) { End(); });
  return true;
}

bool Speculation::ReadCachedDirectory(const Path& path, RequestContext context,
                                      Done<ListingRef> done) {
  if (!Begin()) return false;
  context.speculative = true;
  context.any_age = true;
  context.cached_only = true;
  base_.ReadDirectory(path, {}, context,
                      [this, done = std::move(done)](absl::StatusOr<ListingRef> listing) mutable {
                        std::move(done)(std::move(listing));
                        End();
                      });
  return true;
}

void Speculation::ReadBlockThen(const BlockKey& key, const RequestContext& context,
                                Done<BlockRef> done, absl::AnyInvocable<void() &&> guess) {
  in_flight_.Begin();
  base_.ReadBlock(key, context,
                  [this, done = std::move(done),
                   guess = std::move(guess)](absl::StatusOr<BlockRef> block) mutable {
                    std::move(done)(std::move(block));
                    std::move(guess)();
                    in_flight_.End();
                  });
}

bool Speculation::Begin() {
  if (under_way_.fetch_add(1, std::memory_order_relaxed) >= kSpeculationsMax) {
    under_way_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  in_flight_.Begin();
  return true;
}

void Speculation::End() {
  under_way_.fetch_sub(1, std::memory_order_relaxed);
  in_flight_.End();
}

}  // namespace coppice
