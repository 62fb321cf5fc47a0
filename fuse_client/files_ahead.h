// FilesAhead: gives the kernel the small files that a reader is about to read, so that it need not
// ask for each. Of a reader in the order of the listing only, as tar, rsync and cp are: a READ
// costs both sides several times what its 4 KiB do.
//
// What is given is in the peer's shared memory already; nothing is fetched for it. Each file goes
// to the node of its version, so it is what the kernel would read. Listings are read where a cache
// has them, and nowhere else.
//
// Files are given by the thread of a KernelCacheNotifier of their own: giving one waits for a READ
// of the same pages, so no request, and no order to forget, may wait behind it.
//
// Thread-safe. REQUIRES: source, table and notifier outlive this, and the notifier is stopped
// first.
#ifndef COPPICE_FUSE_CLIENT_FILES_AHEAD_H_
#define COPPICE_FUSE_CLIENT_FILES_AHEAD_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/mutex.h"
#include "fuse_client/inode_table.h"
#include "fuse_client/kernel_cache_notifier.h"
#include "source/source.h"
#include "source/speculation.h"

namespace coppice {

// Files given at once: at first, and, doubling while the reader goes on, at most.
inline constexpr size_t kFilesAheadMin = 8;
inline constexpr size_t kFilesAheadMax = 64;
// Directories whose reading is followed.
inline constexpr size_t kDirectoriesAheadMax = 64;
// Directories that wait for the thread.
inline constexpr size_t kFilesAheadQueueMax = 16;

class FilesAhead {
 public:
  FilesAhead(Source& source, const InodeTable& table, KernelCacheNotifier& notifier)
      : table_(table), source_(source), notifier_(notifier), speculation_(source) {}

  // The kernel has read the beginning of this file. Never blocks.
  void WasRead(const InodeEntry& file);

  // Files given so far.
  uint64_t given() const { return given_; }

 private:
  // A directory that somebody reads.
  struct Directory {
    Path path;
    uint64_t position = 0;  // the cookie of the furthest file that was read, or given
    size_t files_max = kFilesAheadMin;
    bool giving = false;
  };

  void Follow(const Path& file, const ListingRef& listing);
  void Give(KernelCache& kernel, Directory& directory, const Listing& listing);
  // False: the file is not at hand.
  bool GiveFile(KernelCache& kernel, const Path& directory, const Dentry& file);

  const InodeTable& table_;
  Source& source_;
  KernelCacheNotifier& notifier_;
  std::atomic<uint64_t> given_ = 0;
  Mutex mutex_;
  // By a hash of the path; of two in one place the later one is followed.
  std::array<std::shared_ptr<Directory>, kDirectoriesAheadMax> directories_ ABSL_GUARDED_BY(mutex_);
  Speculation speculation_;  // the last: it ends before what its answers need
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_FILES_AHEAD_H_
