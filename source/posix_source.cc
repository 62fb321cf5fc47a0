#include "source/posix_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "source/posix_attributes.h"

namespace coppice {

absl::StatusOr<std::unique_ptr<PosixSource>> OpenPosixSource(const PosixSourceOptions& options) {
  // Asked first by name alone: opening an export root that lies in a dead Coppice mount would hang.
  // What cannot be made absolute is refused below, when it cannot be opened.
  std::error_code ignored;
  const std::string by_name =
      std::filesystem::absolute(options.export_root, ignored).lexically_normal();
  const absl::Status allowed = CoppiceMounts::Open(by_name).status();
  if (!allowed.ok()) return allowed;
  absl::StatusOr<ExportRoot> root = ExportRoot::Open(options.export_root);
  if (!root.ok()) return root.status();
  absl::StatusOr<std::unique_ptr<CoppiceMounts>> mounts = CoppiceMounts::Open(root->canonical());
  if (!mounts.ok()) return mounts.status();
  return std::make_unique<PosixSource>(options, *std::move(root), *std::move(mounts));
}

PosixSource::PosixSource(const PosixSourceOptions& options, ExportRoot root,
                         std::unique_ptr<CoppiceMounts> mounts)
    : clock_(options.clock),
      queue_length_max_(options.queue_length_max),
      root_(std::move(root)),
      mounts_(std::move(mounts)),
      directory_(root_, options.clock, counters_, pool_, options.seams.names_read),
      block_reader_(root_, options.allocator, options.clock, counters_, options.open_files,
                    options.seams.bytes_read),
      pool_(options.thread_count, options.queue_length_max) {}

template <typename T, typename Work>
void PosixSource::Schedule(const Path& path, Done<T> done, Work work) {
  // Shared, because a task that the queue refuses is lost, and its Done must not be.
  auto shared_done = std::make_shared<Done<T>>(std::move(done));
  ThreadPool::Task task = [this, path, shared_done, work = std::move(work)]() mutable {
    const absl::StatusOr<CoppiceMounts::MountsRef> mounts = mounts_->Allow(path);
    absl::StatusOr<T> answer = mounts.ok() ? work(*mounts) : absl::StatusOr<T>(mounts.status());
    if (!answer.ok()) CountError(answer.status());
    std::move (*shared_done)(std::move(answer));
  };
  if (pool_.TrySchedule(task)) return;
  counters_.queue_full.fetch_add(1, std::memory_order_relaxed);
  const absl::Status full = absl::ResourceExhaustedError(
      absl::StrCat("more than ", queue_length_max_,
                   " requests (queue_length_max) wait for the backing file system"));
  CountError(full);
  std::move (*shared_done)(full);
}

void PosixSource::CountError(const absl::Status& status) {
  counters_.errors.fetch_add(1, std::memory_order_relaxed);
  if (StatusErrno(status) == ESTALE) counters_.stale.fetch_add(1, std::memory_order_relaxed);
}

void PosixSource::GetAttributes(const Path& path, const RequestContext&, Done<PathState> done) {
  Schedule<PathState>(path, std::move(done), [this, path](const CoppiceMounts::MountsRef&) {
    return ReadPathState(path);
  });
}

void PosixSource::ReadDirectory(const Path& path, const DirectoryPage& page, const RequestContext&,
                                Done<ListingRef> done) {
  Schedule<ListingRef>(path, std::move(done),
                       [this, path, page](const CoppiceMounts::MountsRef& mounts) {
                         return directory_.Read(path, page, mounts);
                       });
}

void PosixSource::ReadBlock(const BlockKey& key, const RequestContext&, Done<BlockRef> done) {
  Schedule<BlockRef>(key.path, std::move(done), [this, key](const CoppiceMounts::MountsRef&) {
    return block_reader_.Read(key);
  });
}

void PosixSource::FindExtent(const Path& path, const Version& version, uint64_t offset,
                             ExtentKind kind, const RequestContext&, Done<uint64_t> done) {
  Schedule<uint64_t>(path, std::move(done),
                     [this, path, version, offset, kind](const CoppiceMounts::MountsRef&) {
                       return block_reader_.FindExtent(path, version, offset, kind);
                     });
}

void PosixSource::GetFileSystemStatistics(const Path& path, const RequestContext&,
                                          Done<FileSystemStatistics> done) {
  Schedule<FileSystemStatistics>(
      path, std::move(done),
      [this, path](const CoppiceMounts::MountsRef&) { return ReadFileSystemStatistics(path); });
}

absl::StatusOr<PathState> PosixSource::ReadPathState(const Path& path) {
  PathState state{.confirmed_at = clock_.Now()};
  absl::StatusOr<Attributes> attributes = ReadAttributes(path);
  if (attributes.ok()) {
    state.attributes = *std::move(attributes);
  } else if (StatusErrno(attributes.status()) != ENOENT) {
    return attributes.status();
  }
  return state;
}

absl::StatusOr<Attributes> PosixSource::ReadAttributes(const Path& path) {
  counters_.lstats.fetch_add(1, std::memory_order_relaxed);
  // Through the directory, because opening the file itself, even with O_PATH, could mount
  // something.
  const Path parent = path.IsRoot() ? path : path.Parent();
  const absl::StatusOr<FileDescriptor> directory = root_.OpenBeneath(parent, O_PATH | O_DIRECTORY);
  if (!directory.ok()) return directory.status();
  if (path.IsRoot()) return StatDescriptor(directory->get(), "the export root");
  absl::StatusOr<Attributes> attributes =
      StatEntry(directory->get(), std::string(path.Name()), path.text());
  if (attributes.ok() && S_ISLNK(attributes->mode)) {
    counters_.readlinks.fetch_add(1, std::memory_order_relaxed);
  }
  return attributes;
}

absl::StatusOr<FileSystemStatistics> PosixSource::ReadFileSystemStatistics(const Path& path) {
  counters_.statfs.fetch_add(1, std::memory_order_relaxed);
  const absl::StatusOr<FileDescriptor> place = root_.OpenBeneath(path, O_PATH | O_NOFOLLOW);
  if (!place.ok()) return place.status();
  struct statvfs st;
  if (fstatvfs(place->get(), &st) != 0) {
    return ErrnoStatus(errno, absl::StrCat("statvfs '", path.text(), "'"));
  }
  return FileSystemStatistics{.block_size = st.f_bsize,
                              .fragment_size = st.f_frsize,
                              .blocks = st.f_blocks,
                              .blocks_free = st.f_bfree,
                              .blocks_available = st.f_bavail,
                              .files = st.f_files,
                              .files_free = st.f_ffree,
                              .files_available = st.f_favail,
                              .name_bytes_max = static_cast<uint32_t>(st.f_namemax)};
}

LayerStatistics PosixSource::Statistics() const {
  return {.layer = "backing",
          .counters = {{"opens", counters_.opens},
                       {"bytes", counters_.bytes},
                       {"lstats", counters_.lstats},
                       {"readdirs", counters_.readdirs},
                       {"readlinks", counters_.readlinks},
                       {"statfs", counters_.statfs},
                       {"reads", counters_.reads},
                       {"seeks", counters_.seeks},
                       {"errors", counters_.errors},
                       {"stale", counters_.stale},
                       {"queue_full", counters_.queue_full}}};
}

}  // namespace coppice
