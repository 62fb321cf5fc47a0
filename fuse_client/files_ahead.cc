#include "fuse_client/files_ahead.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/hash/hash.h"
#include "source/small_file.h"

namespace coppice {
namespace {

// The first small file after that place; nullptr when none is.
const Dentry* NextAfter(const Listing& listing, uint64_t position) {
  return NextSmallFile(listing, listing.FirstAfter(position));
}

}  // namespace

void FilesAhead::WasRead(const InodeEntry& file) {
  if (file.path.IsRoot() || file.version.size == 0 || file.version.size > kSmallFileBytes) {
    return;
  }
  speculation_.ReadCachedDirectory(file.path.Parent(), {},
                                   [this, path = file.path](absl::StatusOr<ListingRef> listing) {
                                     if (listing.ok()) Follow(path, *listing);
                                   });
}

void FilesAhead::Follow(const Path& file, const ListingRef& listing) {
  const uint64_t cookie = CookieOf(file.Name());
  const Path parent = file.Parent();
  std::shared_ptr<Directory> directory;
  {
    MutexLock lock(mutex_);
    auto& place = directories_[absl::HashOf(parent) % directories_.size()];
    if (place == nullptr || place->path != parent) {
      place = std::make_shared<Directory>(Directory{.path = parent, .position = cookie});
      return;
    }
    directory = place;
    // Read while it was being given.
    if (directory->giving && cookie <= directory->position) return;
    const Dentry* const next = NextAfter(*listing, directory->position);
    const bool in_order = next != nullptr && next->name == file.Name();
    directory->position = cookie;
    if (!in_order) directory->files_max = kFilesAheadMin;
    if (!in_order || directory->giving) return;
    directory->giving = true;
  }
  KernelCacheNotifier::Task task = [this, directory, listing](KernelCache& kernel) {
    Give(kernel, *directory, *listing);
  };
  if (notifier_.TryPost(task)) return;
  MutexLock lock(mutex_);
  directory->giving = false;
}

void FilesAhead::Give(KernelCache& kernel, Directory& directory, const Listing& listing) {
  size_t files_max = 0;
  uint64_t position = 0;
  {
    MutexLock lock(mutex_);
    files_max = directory.files_max;
    position = directory.position;
    directory.files_max = std::min(2 * files_max, kFilesAheadMax);
  }
  for (size_t files = 0; files < files_max; ++files) {
    const Dentry* const next = NextAfter(listing, position);
    if (next == nullptr || !GiveFile(kernel, directory.path, *next)) break;
    MutexLock lock(mutex_);
    // The reader may have overtaken us.
    position = directory.position = std::max(directory.position, CookieOf(next->name));
  }
  MutexLock lock(mutex_);
  directory.giving = false;
}

bool FilesAhead::GiveFile(KernelCache& kernel, const Path& directory, const Dentry& file) {
  const absl::StatusOr<Path> path = directory.Child(file.name);
  if (!path.ok()) return false;
  const Version& version = file.attributes->version;
  std::optional<uint64_t> node;
  for (const uint64_t each : table_.NodesAt(*path)) {
    const auto entry = table_.Find(each);
    if (entry != nullptr && entry->version == version) node = each;
  }
  if (!node.has_value()) return false;  // whom the kernel has not listed it will not read
  // Answered before the call returns, or not for us.
  const auto found = std::make_shared<BlockRef>();
  source_.ReadBlock({.path = *path, .version = version, .index = 0},
                    {.cached_only = true, .speculative = true},
                    [found](absl::StatusOr<BlockRef> block) {
                      if (block.ok()) *found = *std::move(block);
                    });
  const BlockRef block = *found;
  if (block == nullptr || block->size() != version.size) return false;
  kernel.StoreFile(*node, block->bytes());
  ++given_;
  return true;
}

}  // namespace coppice
