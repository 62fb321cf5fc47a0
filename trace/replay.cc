#include "trace/replay.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "absl/cleanup/cleanup.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/mutex.h"
#include "common/status.h"

namespace coppice {
namespace {

// One read, and the advice before it. The kernel takes advice for no more than its readahead at
// once, and drops the rest; this is its default (mm/readahead.c, force_page_cache_ra).
constexpr size_t kPieceBytes = size_t{128} << 10;
// Room for a few names: a look into a directory, not a listing of it.
constexpr size_t kLookBytes = 1024;

// Why a touch does not fit; nullptr: it does.
using Misfit = const char*;

constexpr Misfit kGone = "is missing";
constexpr Misfit kAppeared = "exists now";
constexpr Misfit kOtherType = "is of another type";
constexpr Misfit kShorter = "is shorter";

TouchKind KindOf(mode_t mode) {
  if (S_ISDIR(mode)) return TouchKind::kDirectory;
  if (S_ISREG(mode)) return TouchKind::kFile;
  if (S_ISLNK(mode)) return TouchKind::kLink;
  return TouchKind::kOther;
}

// Missing is missing, wherever on the way.
Misfit MisfitOf(int error_number) {
  return error_number == ENOENT || error_number == ENOTDIR ? kGone : std::strerror(error_number);
}

// A path below a directory; "" is the directory itself.
const char* Below(const Path& path) { return path.IsRoot() ? "." : path.text().c_str(); }

class Player {
 public:
  Player(const Trace& trace, int root, const ReplayOptions& options)
      : trace_(trace), root_(root), options_(options) {
    if (!options.look_into_searched) return;
    for (const Touch& touch : trace.touches) {
      if (touch.kind == TouchKind::kMissing) searched_[touch.path.Parent()];
    }
  }

  ReplayReport Play() {
    const absl::Time begin = absl::Now();
    const unsigned wanted = std::clamp(options_.threads, 1u, kReplayThreadsMax);
    {
      MutexLock lock(mutex_);
      running_ = wanted;
    }
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < wanted; ++i) threads.emplace_back([this] { Work(); });
    WaitAndTell();
    for (std::thread& thread : threads) thread.join();
    MutexLock lock(mutex_);
    report_.bytes = bytes_;
    report_.files = files_.size();
    report_.duration = absl::Now() - begin;
    return report_;
  }

 private:
  void WaitAndTell() {
    MutexLock lock(mutex_);
    while (running_ > 0) {
      if (changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(options_.interval))) continue;
      const ReplayProgress progress = {.done = std::min<size_t>(next_, trace_.touches.size()),
                                       .touches = trace_.touches.size(),
                                       .bytes = bytes_};
      mutex_.Unlock();
      options_.progress(progress);
      mutex_.Lock();
    }
  }

  void Work() {
    const auto buffer = std::make_unique<std::array<char, kPieceBytes>>();
    for (size_t i = next_++; i < trace_.touches.size(); i = next_++) {
      const Touch& touch = trace_.touches[i];
      Judge(touch, Repeat(touch, *buffer));
    }
    MutexLock lock(mutex_);
    if (--running_ == 0) changed_.NotifyAll();
  }

  Misfit Repeat(const Touch& touch, std::array<char, kPieceBytes>& buffer) {
    switch (touch.kind) {
      case TouchKind::kListing:
        return List(touch.path);
      case TouchKind::kTarget:
        return ReadTarget(touch.path);
      case TouchKind::kRead:
        return Read(touch, buffer);
      default:
        return LookUp(touch);
    }
  }

  Misfit LookUp(const Touch& touch) {
    struct stat status;
    if (touch.kind == TouchKind::kMissing) LookInto(touch.path.Parent());
    const bool found =
        fstatat(root_, Below(touch.path), &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0;
    if (touch.kind != TouchKind::kMissing) {
      if (!found) return MisfitOf(errno);
      return KindOf(status.st_mode) == touch.kind ? nullptr : kOtherType;
    }
    if (found) return kAppeared;
    const Misfit misfit = MisfitOf(errno);
    return misfit == kGone ? nullptr : misfit;
  }

  // Once for each directory; those who search in it as well wait for that.
  void LookInto(const Path& path) {
    const auto searched = searched_.find(path);
    if (searched == searched_.end()) return;
    std::call_once(searched->second, [this, &path] {
      const int directory = OpenDirectory(path);
      if (directory < 0) return;
      std::array<char, kLookBytes> names;
      // Whatever it says, the lookups that follow say it too.
      (void)syscall(SYS_getdents64, directory, names.data(), names.size());
      close(directory);
    });
  }

  int OpenDirectory(const Path& path) const {
    return openat(root_, Below(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }

  Misfit List(const Path& path) const {
    const int descriptor = OpenDirectory(path);
    DIR* const directory = descriptor < 0 ? nullptr : fdopendir(descriptor);
    if (directory == nullptr) return MisfitOf(errno);
    errno = 0;
    while (readdir(directory) != nullptr) {
    }
    const int error_number = errno;
    closedir(directory);
    return error_number == 0 ? nullptr : MisfitOf(error_number);
  }

  Misfit ReadTarget(const Path& path) const {
    std::array<char, PATH_MAX> target;
    if (readlinkat(root_, Below(path), target.data(), target.size()) >= 0) return nullptr;
    return errno == EINVAL ? kOtherType : MisfitOf(errno);
  }

  // Asks for exactly these bytes, and then reads them. A read alone would start the kernel's
  // readahead, which goes beyond them, and whose mark would make the program's own read go further
  // still (mm/readahead.c).
  Misfit Read(const Touch& touch, std::array<char, kPieceBytes>& buffer) {
    // O_NONBLOCK: it may be a fifo by now.
    const int file =
        openat(root_, Below(touch.path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) return errno == ELOOP ? kOtherType : MisfitOf(errno);
    const auto close_it = absl::MakeCleanup([file] { close(file); });
    struct stat status;
    if (fstat(file, &status) != 0) return MisfitOf(errno);
    if (!S_ISREG(status.st_mode)) return kOtherType;
    Advise(file, touch.offset, touch.length);
    for (uint64_t done = 0; done < touch.length;) {
      const size_t wanted = std::min<uint64_t>(buffer.size(), touch.length - done);
      const ssize_t count =
          pread(file, buffer.data(), wanted, static_cast<off_t>(touch.offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return MisfitOf(errno);
      if (count == 0) return kShorter;
      done += static_cast<uint64_t>(count);
      bytes_ += static_cast<uint64_t>(count);
    }
    return nullptr;
  }

  // Only advice: what it does not bring, the reads do.
  static void Advise(int file, uint64_t offset, uint64_t length) {
    for (uint64_t done = 0; done < length; done += kPieceBytes) {
      (void)posix_fadvise(file, static_cast<off_t>(offset + done),
                          static_cast<off_t>(std::min<uint64_t>(kPieceBytes, length - done)),
                          POSIX_FADV_WILLNEED);
    }
  }

  void Judge(const Touch& touch, Misfit misfit) {
    MutexLock lock(mutex_);
    if (misfit != nullptr) {
      ++report_.misfits;
      if (report_.examples.size() < kReplayExamplesMax) {
        report_.examples.push_back(
            absl::StrCat("'", touch.path.IsRoot() ? "." : touch.path.text(), "' ", misfit));
      }
      return;
    }
    switch (touch.kind) {
      case TouchKind::kMissing:
        ++report_.missing_names;
        break;
      case TouchKind::kListing:
        ++report_.listings;
        break;
      case TouchKind::kTarget:
        ++report_.targets;
        break;
      case TouchKind::kRead:
        files_.insert(touch.path.text());
        break;
      default:
        ++report_.names;
    }
  }

  const Trace& trace_;
  const int root_;
  const ReplayOptions& options_;
  std::atomic<size_t> next_ = 0;
  std::atomic<uint64_t> bytes_ = 0;
  // The directories in which names are missing. Not changed once it is made.
  std::map<Path, std::once_flag> searched_;
  Mutex mutex_;
  CondVar changed_;
  unsigned running_ ABSL_GUARDED_BY(mutex_) = 0;
  ReplayReport report_ ABSL_GUARDED_BY(mutex_);
  // Of the trace's own paths.
  absl::flat_hash_set<std::string_view> files_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<ReplayReport> Replay(const Trace& trace, const std::string& root,
                                    const ReplayOptions& options) {
  const int directory = open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return ErrnoStatus(errno, absl::StrCat("open '", root, "'"));
  const auto close_it = absl::MakeCleanup([directory] { close(directory); });
  return Player(trace, directory, options).Play();
}

}  // namespace coppice
