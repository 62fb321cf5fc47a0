// Reads blocks of files of the backing file system, in the version that was asked for or not at
// all.
//
// The version is compared before and after the bytes are read; a difference is ESTALE. A file whose
// last name was removed while it is open here (what rename(2) over it does) keeps its bytes, but
// its ctime changes: it counts as the same version as long as inode, size and mtime are the same.
//
// Only regular files are opened, and nothing else can be by accident: the file is found with
// O_PATH, which touches no device and wakes no fifo, and opened through that.
//
// Thread-safe; blocks.
#ifndef COPPICE_SOURCE_POSIX_BLOCK_READER_H_
#define COPPICE_SOURCE_POSIX_BLOCK_READER_H_

#include <functional>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "source/block.h"
#include "source/block_allocator.h"
#include "source/export_root.h"
#include "source/open_files.h"
#include "source/posix_counters.h"

namespace coppice {

class PosixBlockReader {
 public:
  // All must outlive this. `bytes_read` is called after each read, before the check: a seam for
  // tests, empty in production.
  PosixBlockReader(const ExportRoot& root, BlockAllocator& allocator, const Clock& clock,
                   PosixCounters& counters, const OpenFilesOptions& open_files,
                   std::function<void(const Path&)> bytes_read);

  // As Source::ReadBlock.
  absl::StatusOr<BlockRef> Read(const BlockKey& key);

 private:
  absl::StatusOr<OpenFile> Open(const BlockKey& key) const;
  absl::StatusOr<BlockRef> ReadFrom(const OpenFile& file, const BlockKey& key) const;

  const ExportRoot& root_;
  BlockAllocator& allocator_;
  PosixCounters& counters_;
  const std::function<void(const Path&)> bytes_read_;
  OpenFiles open_files_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_POSIX_BLOCK_READER_H_
