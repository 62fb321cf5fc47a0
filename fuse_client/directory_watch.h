// Keeps what the kernel caches about directories honest: their names, and the names they do not
// have.
//
// The kernel may keep a negative name, or what readdir gave, for as long as the directory has the
// version from which we answered. So each such answer registers here before the kernel gets it, and
// every tick (one per negative_ttl) asks the source, with age_max = negative_ttl, for the
// attributes of each watched directory. Another version, or no directory any more: the kernel drops
// the negative names and what it listed, and looks its positive names up again. So a change shows
// after at most two negative_ttl, and costs one request per directory and tick, however many names
// are watched.
//
// A directory that no FUSE request has used for kIdleTicksMax ticks is dropped, in the kernel too,
// so that an idle mount stops asking. An error keeps the watch: the next tick asks again.
//
// Limits. A negative name beyond negative_names_max is not watched: the caller gives it a short
// timeout. A directory beyond directories_max takes the place of the one used least recently, which
// the kernel is told to drop at the next tick.
//
// Thread-safe. Ticks must not overlap, and run where the kernel may be told (kernel_cache.h).
#ifndef COPPICE_FUSE_CLIENT_DIRECTORY_WATCH_H_
#define COPPICE_FUSE_CLIENT_DIRECTORY_WATCH_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "fuse_client/inode_table.h"
#include "fuse_client/kernel_cache.h"
#include "source/invalidation.h"
#include "source/source.h"

namespace coppice {

struct DirectoryWatchOptions {
  absl::Duration negative_ttl = absl::Seconds(10);
  absl::Duration operation_timeout = absl::Seconds(60);
  size_t directories_max = size_t{1} << 16;
  size_t negative_names_max = size_t{1} << 20;
  // Requests of one tick that are under way at once.
  size_t requests_max = 32;
};

class DirectoryWatch {
 public:
  // Ten minutes of ticks at the default negative_ttl.
  static constexpr uint64_t kIdleTicksMax = 60;

  // REQUIRES: all outlive the watch.
  DirectoryWatch(Source& source, const InodeTable& table, KernelCache& kernel, const Clock& clock,
                 DirectoryWatchOptions options);
  // Waits for the answers that a stopped tick left behind.
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  // The kernel is about to get: there is nothing at the path, whose directory is `node` and has
  // this version. False: it is not watched (no version, or no room).
  [[nodiscard]] bool WatchName(uint64_t node, const Path& path, Version version);
  // The kernel is about to get names of the directory, as of this version. False: no room even to
  // remember whom to drop; the kernel must not get them.
  [[nodiscard]] bool WatchListing(uint64_t node, const Path& directory, Version version);
  // A FUSE request has used the directory.
  void Touch(uint64_t node);
  // The source just said that the directory has this version: another than the watched one is a
  // change.
  void Observe(uint64_t node, Version version);
  // The kernel has forgotten the directory, and every name in it.
  void Drop(uint64_t node);

  // Ends what is watched at the directories that the order covers, and returns it for the kernel to
  // drop: (node of the directory, name).
  std::vector<std::pair<uint64_t, std::string>> TakeNames(const Invalidation& invalidation);

  void Tick();
  // Makes a tick that waits for answers return, and every later one return at once.
  void Stop();

  size_t directories() const;
  size_t negative_names() const;

 private:
  struct Directory {
    Path path;
    Version version;
    absl::flat_hash_set<std::string> names;
    bool changed = false;
    uint64_t used_tick = 0;
    std::list<uint64_t>::iterator place;  // in by_use_
  };
  // A directory that is not watched any more, of which the kernel is to be told.
  struct Dropped {
    uint64_t node = 0;
    Path path;
    std::vector<std::string> names;
    bool changed = false;
    bool gone = false;
  };
  struct Round;

  // `path` is asked for when the directory is a new one.
  Directory* Watch(uint64_t node, Version version, absl::FunctionRef<Path()> path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Makes room for one more. False: there is none.
  bool Evict() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Use(Directory& directory) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Ends the watch. Its names stay counted until the kernel has been told.
  Dropped Take(uint64_t node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<std::pair<uint64_t, Path>> BeginTick(std::vector<Dropped>& dropped);
  void Ask(const std::vector<std::pair<uint64_t, Path>>& directories, Round& round,
           const std::shared_ptr<Round>& shared_round);
  void Judge(uint64_t node, const absl::StatusOr<PathState>& answer, std::vector<Dropped>& dropped);
  void Tell(const Dropped& dropped);

  Source& source_;
  const InodeTable& table_;
  KernelCache& kernel_;
  const Clock& clock_;
  const DirectoryWatchOptions options_;

  mutable Mutex mutex_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Directory>> directories_ ABSL_GUARDED_BY(mutex_);
  std::list<uint64_t> by_use_ ABSL_GUARDED_BY(mutex_);  // the most recent first
  // Evicted since the last tick, with names or a change to tell of: at most directories_max.
  std::vector<Dropped> evicted_ ABSL_GUARDED_BY(mutex_);
  // The other evicted ones, of which the kernel only has a listing; as long as it has the node.
  // Without a limit of their own, since a walk through a huge tree evicts one at each step, and
  // must not fail for that.
  absl::flat_hash_set<uint64_t> evicted_listed_ ABSL_GUARDED_BY(mutex_);
  // Told in the last tick, to be told once more: a READDIR that was answered from the old version
  // may have reached the kernel only after it was told to forget.
  std::vector<uint64_t> tell_again_ ABSL_GUARDED_BY(mutex_);
  size_t negative_names_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t tick_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Round> round_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_DIRECTORY_WATCH_H_
