// SiblingPattern: which small files of one directory a reader has asked for, and what to fetch
// next. The memory of SiblingPrefetchingSource for one directory.
//
// Thread-safe; one short lock.
#ifndef COPPICE_SOURCE_SIBLING_PATTERN_H_
#define COPPICE_SOURCE_SIBLING_PATTERN_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "common/mutex.h"

namespace coppice {

// So many different small files read in a directory mean that its others are worth fetching.
inline constexpr size_t kSmallFilesBeforeSiblings = 2;
// A directory whose small files are at most that is fetched whole, in whatever order it is read.
inline constexpr size_t kSiblingFilesMax = 64;
inline constexpr uint64_t kSiblingBytesMax = 1 << 20;
// Of another, what is fetched together for who reads in order: the first batch, and the most that
// one can be. Each has twice as much as the one before.
inline constexpr size_t kBatchFilesMin = 128;
inline constexpr uint64_t kBatchBytesMin = 1 << 20;
inline constexpr size_t kBatchFilesMax = 512;
inline constexpr uint64_t kBatchBytesMax = 4 << 20;

class SiblingPattern {
 public:
  enum class Guess {
    kNothing,
    kSiblingsIfCheap,  // all small files, where they cost little
    kSiblings,         // all small files, where they fit into a batch; else as the next
    kBatchIfInOrder,   // what comes after this file, if it comes after `previous`
    kNextBatch,        // what comes after this file
  };
  struct Step {
    Guess guess = Guess::kNothing;
    bool was_prefetched = false;
    std::string previous;  // the small file that was read before this one
  };

  // A reader reads a small file of this name.
  Step Demand(const std::string& name);

  struct Batch {
    size_t files_max = 0;
    uint64_t bytes_max = 0;
  };
  // The small files do not fit into a batch: only who reads in order gets any.
  void SetLarge();

  // A batch is about to be fetched. Nothing more is until its end is known, and read.
  Batch Begin();

  // Whether to fetch this name with the batch; it then counts as unused until it is demanded.
  bool Choose(const std::string& name);

  // The first small file after the batch: who reads that reads the directory in order.
  void EndBefore(const std::string& name);

 private:
  Mutex mutex_;
  size_t batches_ ABSL_GUARDED_BY(mutex_) = 0;
  bool large_ ABSL_GUARDED_BY(mutex_) = false;
  std::string next_ ABSL_GUARDED_BY(mutex_);  // empty: none
  std::string previous_ ABSL_GUARDED_BY(mutex_);
  // Before the first batch; at most kSmallFilesBeforeSiblings.
  absl::flat_hash_set<std::string> read_ ABSL_GUARDED_BY(mutex_);
  // Of the last batch.
  absl::flat_hash_set<std::string> unused_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_SIBLING_PATTERN_H_
