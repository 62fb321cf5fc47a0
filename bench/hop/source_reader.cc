#include "bench/hop/source_reader.h"

#include <sys/stat.h>

#include <atomic>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/hop/in_flight_window.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "rpc/peer_channels.h"
#include "rpc/peer_source.h"
#include "source/block_allocator.h"
#include "source/source.h"

namespace coppice {
namespace {

// Of the whole of a read: far more than any takes.
constexpr absl::Duration kReadMax = absl::Minutes(10);

// A peer, and whom to ask it through.
class Peer {
 public:
  explicit Peer(const std::string& address)
      : source_(MakePeerSource(OpenChannels(address), {.peer = address}, *allocator_, clock_)) {}

  Source& source() { return *source_; }
  RequestContext context() const { return {.deadline = deadline_}; }

 private:
  const RealClock clock_;
  const absl::Time deadline_ = absl::Now() + kReadMax;
  const std::unique_ptr<BlockAllocator> allocator_ = MakeHeapBlockAllocator();
  const std::unique_ptr<PeerSource> source_;
};

template <typename T, typename Ask>
absl::StatusOr<T> Await(Ask ask) {
  std::promise<absl::StatusOr<T>> promise;
  ask(Done<T>([&promise](absl::StatusOr<T> answer) { promise.set_value(std::move(answer)); }));
  return promise.get_future().get();
}

// Reads all those blocks.
absl::StatusOr<uint64_t> ReadBlocks(Peer& peer, const std::vector<BlockKey>& keys, size_t width) {
  std::atomic<uint64_t> bytes = 0;
  InFlightWindow window(keys.size(), width, [&](size_t i, InFlightWindow::Finished finished) {
    peer.source().ReadBlock(
        keys[i], peer.context(),
        [&bytes, finished = std::move(finished)](absl::StatusOr<BlockRef> block) mutable {
          if (block.ok()) bytes += (*block)->size();
          const absl::Status status = block.status();
          block = absl::CancelledError();  // the memory goes before the next is asked for
          std::move(finished)(status);
        });
  });
  if (absl::Status status = window.Run(); !status.ok()) return status;
  return bytes.load();
}

absl::StatusOr<std::vector<Path>> Directories(Peer& peer, const Path& root) {
  const auto listing = Await<ListingRef>([&](Done<ListingRef> done) {
    peer.source().ReadDirectory(root, {}, peer.context(), std::move(done));
  });
  if (!listing.ok()) return listing.status();
  if (!(*listing)->IsComplete()) return absl::UnimplementedError("a directory too large");
  std::vector<Path> directories;
  for (const Dentry& entry : (*listing)->entries) {
    if (!S_ISDIR(entry.type)) continue;
    const absl::StatusOr<Path> path = root.Child(entry.name);
    if (!path.ok()) return path.status();
    directories.push_back(*path);
  }
  return directories;
}

absl::Status AppendFiles(const Path& directory, const Listing& listing,
                         std::vector<BlockKey>& keys) {
  for (const Dentry& entry : listing.entries) {
    if (!S_ISREG(entry.type) || !entry.attributes.has_value()) continue;
    const absl::StatusOr<Path> path = directory.Child(entry.name);
    if (!path.ok()) return path.status();
    const Version& version = entry.attributes->version;
    for (uint64_t i = 0; i < BlockCount(version.size); ++i) {
      keys.push_back({.path = *path, .version = version, .index = i});
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<uint64_t> ReadFileFromPeer(const std::string& address, const std::string& path,
                                          size_t width) {
  Peer peer(address);
  const absl::StatusOr<Path> file = Path::Parse(path);
  if (!file.ok()) return file.status();
  const auto state = Await<PathState>([&](Done<PathState> done) {
    peer.source().GetAttributes(*file, peer.context(), std::move(done));
  });
  if (!state.ok()) return state.status();
  if (!state->attributes.has_value()) {
    return absl::NotFoundError(absl::StrCat("the peer has no '", path, "'"));
  }
  std::vector<BlockKey> keys;
  const Version& version = state->attributes->version;
  for (uint64_t i = 0; i < BlockCount(version.size); ++i) {
    keys.push_back({.path = *file, .version = version, .index = i});
  }
  return ReadBlocks(peer, keys, width);
}

absl::StatusOr<uint64_t> ReadTreeFromPeer(const std::string& address, const std::string& path,
                                          size_t width) {
  Peer peer(address);
  const absl::StatusOr<Path> root = Path::Parse(path);
  if (!root.ok()) return root.status();
  const absl::StatusOr<std::vector<Path>> directories = Directories(peer, *root);
  if (!directories.ok()) return directories.status();
  Mutex mutex;
  std::vector<BlockKey> keys;
  InFlightWindow window(
      directories->size(), width, [&](size_t i, InFlightWindow::Finished finished) {
        peer.source().ReadDirectory(
            (*directories)[i], {}, peer.context(),
            [&, i, finished = std::move(finished)](absl::StatusOr<ListingRef> listing) mutable {
              absl::Status status = listing.status();
              if (status.ok()) {
                MutexLock lock(mutex);
                status = AppendFiles((*directories)[i], **listing, keys);
              }
              std::move(finished)(std::move(status));
            });
      });
  if (absl::Status status = window.Run(); !status.ok()) return status;
  return ReadBlocks(peer, keys, width);
}

}  // namespace coppice
