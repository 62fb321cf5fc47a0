// Reads directories of the backing file system, whole or in pages (source/listing.h).
//
// The names come from getdents64(2), the attributes from an lstat of each name of the page, nothing
// else is asked for. Where an lstat takes long (each is a round trip to a server), several are
// under way at once, on the threads of the pool. Memory is bounded by kListingEntriesMax names,
// however large the directory.
//
// A listing's `directory.version` is what its names are true for: attributes from before the names
// were read, checked after. File systems with coarse timestamps can change twice within one tick
// and look the same; so a directory that changed less than kTimestampGranularity before it was read
// gets a version that GetAttributes never gives. The next revalidation sees a difference, and reads
// once more. The clocks of the file system's servers must not lag behind ours by more than that.
//
// Thread-safe; blocks.
#ifndef COPPICE_SOURCE_POSIX_DIRECTORY_H_
#define COPPICE_SOURCE_POSIX_DIRECTORY_H_

#include <functional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/clock.h"
#include "common/thread_pool.h"
#include "source/coppice_mounts.h"
#include "source/export_root.h"
#include "source/listing.h"
#include "source/path.h"
#include "source/posix_counters.h"

namespace coppice {

// As coarse as timestamps come (FAT; 1 s on old ext3 and NFS, 4 ms on most).
inline constexpr absl::Duration kTimestampGranularity = absl::Seconds(2);

// How often the names are read when the directory changes meanwhile. After the last time they are
// answered all the same, under the version from before.
inline constexpr int kDirectoryReadsMax = 3;

// An lstat of a local file system takes some microseconds, and a parallel file system's some
// hundred: from here on, several at once.
inline constexpr absl::Duration kSlowLstat = absl::Microseconds(50);
// So many threads for one listing, so that large ones do not take the whole pool.
inline constexpr size_t kListingThreadsMax = 8;

class PosixDirectory {
 public:
  // All must outlive this. `names_read` is called after each reading of names, before the check: a
  // seam for tests, empty in production.
  PosixDirectory(const ExportRoot& root, const Clock& clock, PosixCounters& counters,
                 ThreadPool& pool, std::function<void(const Path&)> names_read,
                 absl::Duration slow_lstat = kSlowLstat);

  // As Source::ReadDirectory. The names of `mounts` are listed as directories, and not touched.
  absl::StatusOr<ListingRef> Read(const Path& path, const DirectoryPage& page,
                                  const CoppiceMounts::MountsRef& mounts) const;

 private:
  // Attributes and names of one reading, as it came out when the directory stood still.
  absl::Status ReadNames(int descriptor, const Path& path, Listing& listing) const;
  void ReadAttributes(int descriptor, const Path& path, const CoppiceMounts::MountsRef& mounts,
                      Listing& listing) const;
  // Entries that are gone lose their name.
  void StatEntries(int descriptor, const Path& path, const std::set<std::string>& untouchable,
                   absl::Span<Dentry> entries) const;

  const ExportRoot& root_;
  const Clock& clock_;
  PosixCounters& counters_;
  ThreadPool& pool_;
  const std::function<void(const Path&)> names_read_;
  const absl::Duration slow_lstat_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_POSIX_DIRECTORY_H_
