// Negative names that the kernel keeps for a short while, unwatched: so that an order to forget can
// name them. (directory_watch.h has those that it keeps for long.)
//
// Bounded: when it is full of names that have not run out, a new one is refused, and the kernel
// must not keep it at all. Thread-safe.
#ifndef COPPICE_FUSE_CLIENT_TRANSIENT_NAMES_H_
#define COPPICE_FUSE_CLIENT_TRANSIENT_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/mutex.h"
#include "source/invalidation.h"
#include "source/path.h"

namespace coppice {

class TransientNames {
 public:
  static constexpr size_t kNamesMax = size_t{1} << 16;

  explicit TransientNames(absl::Duration lifetime, size_t names_max = kNamesMax)
      : lifetime_(lifetime), names_max_(names_max) {}

  // The kernel is about to get this name of the directory, to keep for `lifetime` from now. False:
  // it is not remembered.
  [[nodiscard]] bool Add(absl::Time now, uint64_t node, const Path& directory, std::string name);

  // What the order covers, for the kernel to drop: (node of the directory, name). It stays
  // remembered.
  std::vector<std::pair<uint64_t, std::string>> NamesCovered(
      const Invalidation& invalidation) const;

 private:
  struct Name {
    absl::Time ends;
    uint64_t node = 0;
    Path directory;
    std::string name;
  };

  const absl::Duration lifetime_;
  const size_t names_max_;
  mutable Mutex mutex_;
  std::deque<Name> names_ ABSL_GUARDED_BY(mutex_);  // the oldest first
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_TRANSIENT_NAMES_H_
