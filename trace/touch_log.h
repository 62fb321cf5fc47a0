// Remembers what is touched, once each, in order of the first touch; ranges of one file that meet
// become one, at the place of the earliest.
//
// Bounded: once it is full it takes nothing new, and its trace says that it is not complete.
// Thread-safe; one short lock.
#ifndef COPPICE_TRACE_TOUCH_LOG_H_
#define COPPICE_TRACE_TOUCH_LOG_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "common/mutex.h"
#include "source/path.h"
#include "trace/trace.h"

namespace coppice {

class TouchLog {
 public:
  // For paths and touches. An import of torch takes half a MiB.
  static constexpr size_t kBytesMax = size_t{64} << 20;

  explicit TouchLog(size_t bytes_max = kBytesMax) : bytes_max_(bytes_max) {}

  // A name counts once, as what it was first. REQUIRES: kind is not kRead.
  void Add(TouchKind kind, const Path& path);
  void AddRead(const Path& path, uint64_t offset, uint64_t length);

  Trace Snapshot() const;
  // Nothing new is taken any more.
  bool full() const;

 private:
  struct Entry {
    const Path* path;
    TouchKind kind;
    uint64_t offset = 0;
    uint64_t length = 0;  // of a kRead, 0: it has become part of an earlier one
  };
  struct Known {
    bool name = false;
    bool listing = false;
    bool target = false;
    // From the offset of each range to its entry; no two ranges meet.
    std::map<uint64_t, size_t> ranges;
  };
  using KnownPaths = absl::node_hash_map<Path, Known>;

  // The path's place, made if need be and if there is room; else nullptr.
  KnownPaths::value_type* Find(const Path& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool TakeRoom(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t bytes_max_;
  mutable Mutex mutex_;
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool full_ ABSL_GUARDED_BY(mutex_) = false;
  KnownPaths known_ ABSL_GUARDED_BY(mutex_);  // its nodes do not move: entries point to the keys
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_TRACE_TOUCH_LOG_H_
