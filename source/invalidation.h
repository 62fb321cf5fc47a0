// What is to be forgotten: one path, or all that lies below it.
#ifndef COPPICE_SOURCE_INVALIDATION_H_
#define COPPICE_SOURCE_INVALIDATION_H_

#include "source/path.h"

namespace coppice {

struct Invalidation {
  Path path;
  // Also everything below `path`.
  bool recursive = false;

  // Whether what is known of `candidate` is to be forgotten. The directory that holds `path` is,
  // too: its listing speaks of `path`.
  bool Covers(const Path& candidate) const {
    return candidate == path || (recursive && candidate.IsWithin(path)) ||
           (!path.IsRoot() && candidate == path.Parent());
  }
};

// A layer that remembers answers. Blocks need no invalidation: their version is in their key.
class Invalidatable {
 public:
  virtual ~Invalidatable() = default;

  // When it returns, no request that starts later is answered from what was known, nor from an
  // answer that was already on its way. Thread-safe.
  virtual void Invalidate(const Invalidation& invalidation) = 0;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_INVALIDATION_H_
