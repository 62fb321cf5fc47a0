// The backing file system as a Source: the only place that opens its files.
//
// Requests wait in one bounded queue for one of a fixed number of threads, since the file system's
// calls block. No symbolic link is followed and the export root cannot be left (export_root.h);
// mounts of Coppice itself are refused before any call touches them (coppice_mounts.h). It
// remembers nothing but a few open files (open_files.h). All permissions are those of the process.
//
// Thread-safe. Errors carry the errno of the call; RESOURCE_EXHAUSTED when the queue is full.
#ifndef COPPICE_SOURCE_POSIX_SOURCE_H_
#define COPPICE_SOURCE_POSIX_SOURCE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/thread_pool.h"
#include "source/block_allocator.h"
#include "source/coppice_mounts.h"
#include "source/export_root.h"
#include "source/layer_statistics.h"
#include "source/open_files.h"
#include "source/posix_block_reader.h"
#include "source/posix_counters.h"
#include "source/posix_directory.h"
#include "source/source.h"

namespace coppice {

// What a test does at the instants between which a file system may change. Empty in production.
struct PosixSourceSeams {
  std::function<void(const Path&)> names_read;  // before the directory is checked for changes
  std::function<void(const Path&)> bytes_read;  // before the file is checked for changes
};

struct PosixSourceOptions {
  std::string export_root = "/";
  size_t thread_count = 16;
  size_t queue_length_max = 65'536;
  BlockAllocator& allocator;  // must outlive the source, as must the clock
  const Clock& clock;
  OpenFilesOptions open_files = {};
  PosixSourceSeams seams = {};
};

class PosixSource final : public Source, public Measurable {
 public:
  // See OpenPosixSource.
  PosixSource(const PosixSourceOptions& options, ExportRoot root,
              std::unique_ptr<CoppiceMounts> mounts);

  void GetAttributes(const Path& path, const RequestContext& context,
                     Done<PathState> done) override;
  void ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext& context,
                     Done<ListingRef> done) override;
  void ReadBlock(const BlockKey& key, const RequestContext& context, Done<BlockRef> done) override;
  void FindExtent(const Path& path, const Version& version, uint64_t offset, ExtentKind kind,
                  const RequestContext& context, Done<uint64_t> done) override;
  void GetFileSystemStatistics(const Path& path, const RequestContext& context,
                               Done<FileSystemStatistics> done) override;

  // Layer "backing": see posix_counters.h.
  LayerStatistics Statistics() const override;

 private:
  // Runs `work` on a thread of the pool, once the path is known to be no Coppice mount, and `done`
  // with its answer.
  template <typename T, typename Work>
  void Schedule(const Path& path, Done<T> done, Work work);

  // These block.
  absl::StatusOr<PathState> ReadPathState(const Path& path);
  absl::StatusOr<Attributes> ReadAttributes(const Path& path);
  absl::StatusOr<FileSystemStatistics> ReadFileSystemStatistics(const Path& path);
  void CountError(const absl::Status& status);

  const Clock& clock_;
  const size_t queue_length_max_;
  const ExportRoot root_;
  const std::unique_ptr<CoppiceMounts> mounts_;
  PosixCounters counters_;
  const PosixDirectory directory_;
  PosixBlockReader block_reader_;
  ThreadPool pool_;  // the last: its threads end before what they use
};

// Fails when the export root cannot be opened, lies within a Coppice mount, or the kernel is too
// old.
absl::StatusOr<std::unique_ptr<PosixSource>> OpenPosixSource(const PosixSourceOptions& options);

}  // namespace coppice

#endif  // COPPICE_SOURCE_POSIX_SOURCE_H_
