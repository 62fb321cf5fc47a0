#include "source/speculation.h"

#include <utility>

namespace coppice {

bool Speculation::ReadBlock(const BlockKey& key, RequestContext context) {
  return ReadBlock(key, context, [](const absl::StatusOr<BlockRef>&) {});
}

bool Speculation::ReadBlock(const BlockKey& key, RequestContext context, Done<BlockRef> done) {
  if (!Begin()) return false;
  blocks_.Count(key);
  context.speculative = true;
  context.guessed_here = true;
  base_.ReadBlock(key, context, AndEnd(std::move(done)));
  return true;
}

bool Speculation::GetAttributes(const Path& path, RequestContext context, Done<PathState> done) {
  if (!Begin()) return false;
  context.speculative = true;
  context.any_age = true;
  base_.GetAttributes(path, context, AndEnd(std::move(done)));
  return true;
}

bool Speculation::ReadCachedDirectory(const Path& path, RequestContext context,
                                      Done<ListingRef> done) {
  context.cached_only = true;
  return ReadDirectory(path, context, std::move(done));
}

bool Speculation::ReadDirectory(const Path& path, RequestContext context, Done<ListingRef> done) {
  if (!Begin()) return false;
  context.speculative = true;
  context.any_age = true;
  base_.ReadDirectory(path, {}, context, AndEnd(std::move(done)));
  return true;
}

void Speculation::ReadBlockThen(const BlockKey& key, const RequestContext& context,
                                Done<BlockRef> done, Guess<BlockRef> guess) {
  in_flight_.Begin();
  base_.ReadBlock(key, context, AndGuess(std::move(done), std::move(guess)));
}

void Speculation::ReadDirectoryThen(const Path& path, const RequestContext& context,
                                    Done<ListingRef> done, Guess<ListingRef> guess) {
  in_flight_.Begin();
  base_.ReadDirectory(path, {}, context, AndGuess(std::move(done), std::move(guess)));
}

template <typename T>
Done<T> Speculation::AndEnd(Done<T> done) {
  return [this, done = std::move(done)](absl::StatusOr<T> answer) mutable {
    std::move(done)(std::move(answer));
    End();
  };
}

template <typename T>
Done<T> Speculation::AndGuess(Done<T> done, Guess<T> guess) {
  return
      [this, done = std::move(done), guess = std::move(guess)](absl::StatusOr<T> answer) mutable {
        const T seen = answer.ok() ? *answer : nullptr;
        std::move(done)(std::move(answer));
        std::move(guess)(seen);
        in_flight_.End();
      };
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
