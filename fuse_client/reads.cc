// OPEN, READ and LSEEK.
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "fuse_client/file_system.h"
#include "source/stale_block.h"

namespace coppice {
namespace {

// One READ: the blocks that it spans (two at most: a request is not longer than a block), until all
// are there. Replies from the blocks' own memory.
class ReadGathering {
 public:
  // REQUIRES: size > 0, and the range ends within the file.
  ReadGathering(const FileSystem& file_system, std::shared_ptr<PendingReply> reply,
                InodeEntryRef entry, uint64_t offset, size_t size)
      : file_system_(file_system),
        reply_(std::move(reply)),
        entry_(std::move(entry)),
        offset_(offset),
        size_(size),
        first_(offset / kBlockBytes),
        block_count_((offset + size - 1) / kBlockBytes - first_ + 1),
        blocks_(block_count_),
        missing_(block_count_) {}

  static void Start(std::shared_ptr<ReadGathering> gathering) {
    const RequestContext context = gathering->file_system_.NewContext();
    for (size_t i = 0; i < gathering->block_count_; ++i) {
      const BlockKey key{.path = gathering->entry_->path,
                         .version = gathering->entry_->version,
                         .index = gathering->first_ + i};
      gathering->file_system_.parts().source.ReadBlock(
          key, context,
          [gathering, i](absl::StatusOr<BlockRef> block) { gathering->Put(i, std::move(block)); });
    }
  }

 private:
  void Put(size_t i, absl::StatusOr<BlockRef> block) {
    {
      MutexLock lock(mutex_);
      if (block.ok()) {
        blocks_[i] = *std::move(block);
      } else if (failure_.ok()) {
        failure_ = block.status();
      }
      if (--missing_ > 0) return;
    }
    Finish();
  }

  // Runs once, after the last block: nobody else is here any more.
  void Finish() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (!failure_.ok()) {
      // The kernel must find what is there now.
      if (SaysVersionIsGone(failure_)) file_system_.ExpireName(entry_->path);
      return reply_->Fail(failure_);
    }
    std::vector<iovec> pieces;
    size_t skip = offset_ - first_ * kBlockBytes;
    size_t left = size_;
    for (const BlockRef& block : blocks_) {
      // A source that breaks its promise must not make us read beyond its memory.
      const size_t length = std::min(left, kBlockBytes - skip);
      if (block->size() < skip + length) return reply_->Fail(EIO);
      pieces.push_back({const_cast<char*>(block->bytes().data()) + skip, length});
      left -= length;
      skip = 0;
    }
    file_system_.parts().counters.CountReadBytes(size_);
    // Before the reply: what the reader asks for next would overtake it.
    FilesAhead* const ahead = file_system_.parts().files_ahead;
    if (ahead != nullptr && offset_ == 0) ahead->WasRead(*entry_);
    reply_->Answer([&](fuse_req* request) {
      return fuse_reply_iov(request, pieces.data(), static_cast<int>(pieces.size()));
    });
  }

  const FileSystem& file_system_;
  const std::shared_ptr<PendingReply> reply_;
  const InodeEntryRef entry_;
  const uint64_t offset_;
  const size_t size_;
  const uint64_t first_;  // the index of the first block
  const size_t block_count_;
  Mutex mutex_;
  std::vector<BlockRef> blocks_ ABSL_GUARDED_BY(mutex_);
  size_t missing_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void FileSystem::Open(fuse_req* request, fuse_file_info* file) {
  if (!options_.read_write_mount) {
    // The kernel never asks again, and keeps pages over opens by itself.
    fuse_reply_err(request, ENOSYS);
    return;
  }
  // Without `ro` among the mount's flags the kernel would let an open for writing pass.
  if ((file->flags & O_ACCMODE) != O_RDONLY || (file->flags & O_TRUNC) != 0) {
    fuse_reply_err(request, EROFS);
    return;
  }
  file->keep_cache = 1;
  fuse_reply_open(request, file);
}

void FileSystem::Read(fuse_req* request, uint64_t node, size_t size, uint64_t offset) {
  std::shared_ptr<PendingReply> reply = StartReply(request);
  InodeEntryRef entry = parts_.table.Find(node);
  if (entry == nullptr) return reply->Fail(ESTALE);
  if (entry->IsDirectory()) return reply->Fail(EISDIR);
  const uint64_t file_size = entry->version.size;
  if (offset >= file_size || size == 0) {
    reply->Answer([](fuse_req* fuse) { return fuse_reply_buf(fuse, nullptr, 0); });
    return;
  }
  size = static_cast<size_t>(std::min<uint64_t>(size, file_size - offset));
  ReadGathering::Start(
      std::make_shared<ReadGathering>(*this, std::move(reply), std::move(entry), offset, size));
}

void FileSystem::Seek(fuse_req* request, uint64_t node, uint64_t offset, int whence) {
  std::shared_ptr<PendingReply> reply = StartReply(request);
  const InodeEntryRef entry = parts_.table.Find(node);
  if (entry == nullptr) return reply->Fail(ESTALE);
  // The kernel handles all other kinds of seeking itself.
  if (whence != SEEK_DATA && whence != SEEK_HOLE) return reply->Fail(EINVAL);
  const ExtentKind kind = whence == SEEK_DATA ? ExtentKind::kData : ExtentKind::kHole;
  auto answer = [this, reply, path = entry->path](absl::StatusOr<uint64_t> found) {
    if (!found.ok()) {
      if (SaysVersionIsGone(found.status())) ExpireName(path);
      return reply->Fail(found.status());
    }
    reply->Answer(
        [&found](fuse_req* fuse) { return fuse_reply_lseek(fuse, static_cast<off_t>(*found)); });
  };
  if (!entry->may_have_holes || offset >= entry->version.size) {
    return answer(FindInAllData(entry->version.size, offset, kind));
  }
  parts_.source.FindExtent(entry->path, entry->version, offset, kind, NewContext(),
                           std::move(answer));
}

}  // namespace coppice
