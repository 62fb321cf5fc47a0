#include "fuse_client/file_system.h"

#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"
#include "spdlog/spdlog.h"

namespace coppice {
namespace {

FileSystem& Of(fuse_req_t request) { return *static_cast<FileSystem*>(fuse_req_userdata(request)); }

void Count(fuse_req_t request, RequestKind kind) { Of(request).parts().counters.Count(kind); }

struct Capability {
  unsigned flag;
  const char* name;
};

// What the speed or the honesty of the mount rests on. Open and opendir need no flag to be asked
// for: the kernel learns from ENOSYS.
constexpr Capability kWanted[] = {
    {FUSE_CAP_PARALLEL_DIROPS, "PARALLEL_DIROPS"},
    {FUSE_CAP_ASYNC_READ, "ASYNC_READ"},
    {FUSE_CAP_CACHE_SYMLINKS, "CACHE_SYMLINKS"},
    {FUSE_CAP_READDIRPLUS, "READDIRPLUS"},
    {FUSE_CAP_READDIRPLUS_AUTO, "READDIRPLUS_AUTO"},
    {FUSE_CAP_EXPLICIT_INVAL_DATA, "EXPLICIT_INVAL_DATA"},
    {FUSE_CAP_NO_OPEN_SUPPORT, "NO_OPEN_SUPPORT"},
    {FUSE_CAP_NO_OPENDIR_SUPPORT, "NO_OPENDIR_SUPPORT"},
};

// AUTO_INVAL_DATA would win over EXPLICIT_INVAL_DATA and drop pages whenever a time changes.
// Splicing moves no byte less when answers come from memory, and costs pipes. Locks are left to the
// kernel.
constexpr unsigned kUnwanted =
    FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE |
    FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_FLOCK_LOCKS |
    FUSE_CAP_POSIX_LOCKS | FUSE_CAP_HANDLE_KILLPRIV;

}  // namespace

void FileSystem::Init(fuse_conn_info* connection) {
  connection->want &= ~kUnwanted;
  std::string missing;
  for (const Capability& capability : kWanted) {
    if ((connection->capable & capability.flag) != 0) {
      connection->want |= capability.flag;
    } else {
      absl::StrAppend(&missing, missing.empty() ? "" : ", ", capability.name);
    }
  }
  if (!missing.empty()) spdlog::warn("the kernel does not offer {}: expect less speed", missing);
  if ((connection->capable & FUSE_CAP_PARALLEL_DIROPS) != 0) handshake_.OfferParallelDirops();
  connection->max_background = kMaxBackground;
  connection->congestion_threshold = kCongestionThreshold;
}

RequestContext FileSystem::NewContext() const {
  return {.deadline = parts_.clock.Now() + options_.operation_timeout,
          .age_max = options_.metadata_ttl};
}

std::shared_ptr<PendingReply> FileSystem::StartReply(fuse_req* request) const {
  return PendingReply::Start(request, parts_.in_flight, parts_.interrupt_policy);
}

EntryTimeouts FileSystem::TimeoutsSince(uint64_t epoch) const {
  if (epoch != epoch_) return {};
  return {.entry_seconds = kept_seconds_, .attributes_seconds = kept_seconds_};
}

void FileSystem::ExpireName(const Path& path) const {
  if (path.IsRoot()) return;
  KernelCacheNotifier::Task task = [parents = parts_.table.NodesAt(path.Parent()),
                                    name = std::string(path.Name())](KernelCache& kernel) {
    for (const uint64_t parent : parents) kernel.ExpireEntry(parent, name);
  };
  // When the queue is full the name stays: its next user is told ESTALE too, and tries to expire
  // it.
  (void)parts_.notifier.TryPost(task);
}

void FileSystem::InvalidateNode(uint64_t node) const {
  KernelCacheNotifier::Task task = [node](KernelCache& kernel) { kernel.InvalidateNode(node); };
  if (parts_.notifier.TryPost(task)) return;
  spdlog::warn(
      "the queue to the kernel is full: node {} may be listed from before an order to forget",
      node);
}

void FileSystem::Statistics(fuse_req* request, uint64_t node) {
  const std::shared_ptr<PendingReply> reply = StartReply(request);
  const InodeEntryRef entry = parts_.table.Find(node);
  if (entry == nullptr) return reply->Fail(ESTALE);
  parts_.source.GetFileSystemStatistics(
      entry->path, NewContext(), [reply](absl::StatusOr<FileSystemStatistics> statistics) {
        if (!statistics.ok()) return reply->Fail(statistics.status());
        const struct statvfs encoded = EncodeStatistics(*statistics);
        reply->Answer([&](fuse_req* request) { return fuse_reply_statfs(request, &encoded); });
      });
}

fuse_lowlevel_ops FileSystem::Operations() {
  fuse_lowlevel_ops operations = {};
  operations.init = [](void* self, fuse_conn_info* connection) {
    static_cast<FileSystem*>(self)->Init(connection);
  };
  operations.lookup = [](fuse_req_t request, fuse_ino_t parent, const char* name) {
    Count(request, RequestKind::kLookup);
    Of(request).Lookup(request, parent, name);
  };
  operations.forget = [](fuse_req_t request, fuse_ino_t node, uint64_t lookups) {
    Count(request, RequestKind::kForget);
    Of(request).Forget(node, lookups);
    fuse_reply_none(request);
  };
  operations.forget_multi = [](fuse_req_t request, size_t count, fuse_forget_data* forgets) {
    Count(request, RequestKind::kForget);
    for (size_t i = 0; i < count; ++i) Of(request).Forget(forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(request);
  };
  operations.getattr = [](fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
    Count(request, RequestKind::kGetattr);
    Of(request).GetAttributes(request, node);
  };
  operations.readlink = [](fuse_req_t request, fuse_ino_t node) {
    Count(request, RequestKind::kReadlink);
    Of(request).ReadLink(request, node);
  };
  operations.open = [](fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    Count(request, RequestKind::kOpen);
    Of(request).Open(request, file);
  };
  // The kernel opens directories without us from then on, and keeps and caches what they list
  // (FOPEN_KEEP_CACHE and FOPEN_CACHE_DIR are its defaults for that: fs/fuse/file.c,
  // fuse_file_open).
  operations.opendir = [](fuse_req_t request, fuse_ino_t, fuse_file_info*) {
    Count(request, RequestKind::kOpendir);
    fuse_reply_err(request, ENOSYS);
  };
  operations.read = [](fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                       fuse_file_info*) {
    Count(request, RequestKind::kRead);
    Of(request).Read(request, node, size, offset);
  };
  operations.readdir = [](fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                          fuse_file_info*) {
    Count(request, RequestKind::kReaddir);
    Of(request).ReadDirectory(request, node, size, offset, /*plus=*/false);
  };
  operations.readdirplus = [](fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                              fuse_file_info*) {
    Count(request, RequestKind::kReaddirplus);
    Of(request).ReadDirectory(request, node, size, offset, /*plus=*/true);
  };
  operations.statfs = [](fuse_req_t request, fuse_ino_t node) {
    Count(request, RequestKind::kStatfs);
    Of(request).Statistics(request, node);
  };
  operations.lseek = [](fuse_req_t request, fuse_ino_t node, off_t offset, int whence,
                        fuse_file_info*) {
    Count(request, RequestKind::kLseek);
    Of(request).Seek(request, node, offset, whence);
  };
  SetRefusals(operations);
  return operations;
}

}  // namespace coppice
