// Reads blocks of files of the backing file system, and finds their data and holes, in the version
// that was asked for or not at all.
//
// The version is compared before and after the bytes are read; a difference is ESTALE. A file whose
// last name was removed while it is open here (what rename(2) over it does) keeps its bytes, but
// its ctime changes: it counts as the same version as long as inode, size and mtime are the same.
//
// A file system stamps a write when the write begins, with a clock that ticks: for a moment after
// the last stamp, bytes may still be arriving that no later stamp will tell of. So a file that
// changed less than kSettleTime ago is read a little later. What that cannot see is one write call
// that takes longer than this.
//
// Only regular files are opened, and nothing else can be by accident: the file is found with
// O_PATH, which touches no device and wakes no fifo, and opened through that.
//
// Thread-safe; blocks.
#ifndef COPPICE_SOURCE_POSIX_BLOCK_READER_H_
#define COPPICE_SOURCE_POSIX_BLOCK_READER_H_

#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "source/block.h"
#include "source/block_allocator.h"
#include "source/export_root.h"
#include "source/extent_kind.h"
#include "source/open_files.h"
#include "source/posix_counters.h"

namespace coppice {

// Longer than the tick of any file system's clock (10 ms at most on Linux), and than the copying of
// some ten MiB.
inline constexpr absl::Duration kSettleTime = absl::Milliseconds(50);

class PosixBlockReader {
 public:
  // All must outlive this. `bytes_read` is called after each read or seek, before the check: a seam
  // for tests, empty in production.
  PosixBlockReader(const ExportRoot& root, BlockAllocator& allocator, const Clock& clock,
                   PosixCounters& counters, const OpenFilesOptions& open_files,
                   std::function<void(const Path&)> bytes_read);

  // As Source::ReadBlock.
  absl::StatusOr<BlockRef> Read(const BlockKey& key);

  // As Source::FindExtent. What counts as a hole is the file system's own word; one that knows of
  // none says that all is data.
  absl::StatusOr<uint64_t> FindExtent(const Path& path, const Version& version, uint64_t offset,
                                      ExtentKind kind);

 private:
  absl::StatusOr<OpenFile> Open(const BlockKey& key) const;
  void WaitUntilSettled(absl::Time changed_at) const;
  absl::StatusOr<BlockRef> ReadFrom(const OpenFile& file, const BlockKey& key) const;
  absl::StatusOr<uint64_t> SeekIn(const OpenFile& file, const BlockKey& key, uint64_t offset,
                                  ExtentKind kind) const;

  const ExportRoot& root_;
  BlockAllocator& allocator_;
  const Clock& clock_;
  PosixCounters& counters_;
  const std::function<void(const Path&)> bytes_read_;
  OpenFiles open_files_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_POSIX_BLOCK_READER_H_
