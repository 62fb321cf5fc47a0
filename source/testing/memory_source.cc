#include "source/testing/memory_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/crc32c.h"
#include "common/status.h"
#include "source/block_allocator.h"
#include "source/testing/await.h"

namespace coppice {
namespace {

constexpr uint32_t kDirectoryMode = S_IFDIR | 0755;
constexpr uint32_t kFileMode = S_IFREG | 0644;
constexpr uint32_t kSymlinkMode = S_IFLNK | 0777;
constexpr uint64_t kDevice = 1;
constexpr uint32_t kOwner = 1000;
constexpr uint32_t kBlockSize = 4096;
constexpr uint64_t kSectorBytes = 512;  // the unit of st_blocks

// A mistake of the test, not of the code under test.
void Require(bool condition, absl::string_view what) {
  if (condition) return;
  std::fprintf(stderr, "MemorySource: %s\n", std::string(what).c_str());
  std::abort();
}

Path MustParse(absl::string_view text) {
  absl::StatusOr<Path> path = Path::Parse(text);
  Require(path.ok(), path.status().ToString());
  return *std::move(path);
}

void SetSize(Attributes& attributes, uint64_t size) {
  attributes.size = size;
  attributes.blocks = size / kSectorBytes + (size % kSectorBytes != 0 ? 1 : 0);
}

// So many bits that a page holds about half of `entries_max`: pages differ in size, as the cookies
// fall.
uint32_t BitsFor(size_t entry_count, size_t entries_max) {
  uint32_t bits = 1;
  while ((entry_count >> bits) > entries_max / 2 && bits < kPageBitsMax) ++bits;
  return bits;
}

}  // namespace

MemorySource::MemorySource(const Clock& clock, size_t entries_max)
    : clock_(clock), entries_max_(entries_max) {
  MutexLock lock(mutex_);
  statistics_ = {.block_size = kBlockSize,
                 .fragment_size = kBlockSize,
                 .blocks = 1'000'000,
                 .blocks_free = 500'000,
                 .blocks_available = 400'000,
                 .files = 100'000,
                 .files_free = 50'000,
                 .files_available = 40'000,
                 .name_bytes_max = 255};
  Add(Path(), kDirectoryMode);
}

MemorySource::~MemorySource() {
  MutexLock lock(mutex_);
  for (const auto& [kind, state] : kinds_) {
    Require(state.answers.empty(), "destroyed while it holds answers");
  }
}

MemorySource::Node& MemorySource::Add(const Path& path, uint32_t mode) {
  if (!path.IsRoot()) {
    const Path parent = path.Parent();
    if (!nodes_.contains(parent)) Add(parent, kDirectoryMode);
    Node& directory = Find(parent);
    Require(S_ISDIR(directory.attributes.mode), absl::StrCat(parent.text(), " is no directory"));
    Require(directory.names.insert(std::string(path.Name())).second,
            absl::StrCat(path.text(), " exists"));
    if (S_ISDIR(mode)) ++directory.attributes.nlink;
    TouchDirectory(parent);
  }
  Node& node = nodes_[path];
  node.attributes = {.mode = mode,
                     .nlink = S_ISDIR(mode) ? 2u : 1u,
                     .uid = kOwner,
                     .gid = kOwner,
                     .block_size = kBlockSize,
                     .atime = clock_.Now(),
                     .mtime = clock_.Now(),
                     .device = kDevice,
                     .inode = ++last_inode_};
  if (S_ISDIR(mode)) SetSize(node.attributes, kBlockSize);
  Touch(node);
  return node;
}

MemorySource::Node& MemorySource::Find(const Path& path) {
  const auto node = nodes_.find(path);
  Require(node != nodes_.end(), absl::StrCat("'", path.text(), "' does not exist"));
  return node->second;
}

void MemorySource::Touch(Node& node) {
  node.attributes.ctime = clock_.Now();
  node.attributes.version = {.id = ++last_version_, .size = node.attributes.size};
}

void MemorySource::TouchDirectory(const Path& path) {
  Node& node = Find(path);
  node.attributes.mtime = clock_.Now();
  Touch(node);
}

void MemorySource::SetBytes(Node& node, absl::string_view bytes) {
  node.bytes = std::make_shared<const std::string>(bytes);
  SetSize(node.attributes, bytes.size());
  node.attributes.mtime = clock_.Now();
  Touch(node);
}

void MemorySource::AddDirectory(absl::string_view path) {
  MutexLock lock(mutex_);
  Add(MustParse(path), kDirectoryMode);
}

void MemorySource::AddFile(absl::string_view path, absl::string_view bytes) {
  MutexLock lock(mutex_);
  SetBytes(Add(MustParse(path), kFileMode), bytes);
}

void MemorySource::AddGeneratedFile(absl::string_view path, uint64_t size) {
  MutexLock lock(mutex_);
  Node& node = Add(MustParse(path), kFileMode);
  SetSize(node.attributes, size);
  Touch(node);
}

char MemorySource::GeneratedByte(uint64_t offset) {
  // Differs from block to block, and at the same place of two blocks.
  return static_cast<char>((offset * 31 + (offset >> 20) * 7 + (offset >> 8)) & 0xff);
}

void MemorySource::AddSymlink(absl::string_view path, absl::string_view target) {
  MutexLock lock(mutex_);
  Node& node = Add(MustParse(path), kSymlinkMode);
  node.attributes.link_target = std::string(target);
  node.attributes.size = target.size();
  Touch(node);
}

void MemorySource::Overwrite(absl::string_view path, absl::string_view bytes) {
  MutexLock lock(mutex_);
  Node& node = Find(MustParse(path));
  Require(S_ISREG(node.attributes.mode), absl::StrCat(path, " is no file"));
  SetBytes(node, bytes);
}

void MemorySource::Replace(absl::string_view path, absl::string_view bytes) {
  MutexLock lock(mutex_);
  const Path parsed = MustParse(path);
  Node& node = Find(parsed);
  Require(S_ISREG(node.attributes.mode), absl::StrCat(path, " is no file"));
  node.attributes.inode = ++last_inode_;
  SetBytes(node, bytes);
  TouchDirectory(parsed.Parent());
}

void MemorySource::Remove(absl::string_view path) {
  MutexLock lock(mutex_);
  const Path removed = MustParse(path);
  Require(!removed.IsRoot(), "the root cannot be removed");
  const bool is_directory = S_ISDIR(Find(removed).attributes.mode);
  std::erase_if(nodes_, [&removed](const auto& node) { return node.first.IsWithin(removed); });
  Node& parent = Find(removed.Parent());
  parent.names.erase(std::string(removed.Name()));
  if (is_directory) --parent.attributes.nlink;
  TouchDirectory(removed.Parent());
}

void MemorySource::SetAttributes(absl::string_view path,
                                 absl::FunctionRef<void(Attributes&)> change) {
  MutexLock lock(mutex_);
  Node& node = Find(MustParse(path));
  change(node.attributes);
  Touch(node);
}

void MemorySource::HideAttributes(absl::string_view path, absl::Status error) {
  Require(!error.ok(), "HideAttributes needs an error");
  MutexLock lock(mutex_);
  Find(MustParse(path)).hidden = std::move(error);
}

Attributes MemorySource::AttributesOf(absl::string_view path) const {
  const Path parsed = MustParse(path);
  MutexLock lock(mutex_);
  const auto node = nodes_.find(parsed);
  Require(node != nodes_.end(), absl::StrCat("'", path, "' does not exist"));
  return node->second.attributes;
}

BlockKey MemorySource::KeyOf(absl::string_view path, uint64_t index) const {
  return {.path = MustParse(path), .version = AttributesOf(path).version, .index = index};
}

absl::StatusOr<MemorySource::Node*> MemorySource::Resolve(const Path& path) {
  if (const auto node = nodes_.find(path); node != nodes_.end()) {
    if (!node->second.hidden.ok()) return node->second.hidden;
    return &node->second;
  }
  // Missing, unless what it would lie in is no directory.
  for (Path ancestor = path; !ancestor.IsRoot();) {
    ancestor = ancestor.Parent();
    const auto node = nodes_.find(ancestor);
    if (node == nodes_.end()) continue;
    if (S_ISDIR(node->second.attributes.mode)) break;
    return ErrnoStatus(ENOTDIR, absl::StrCat("'", path.text(), "'"));
  }
  return nullptr;
}

absl::StatusOr<PathState> MemorySource::MakePathState(const Path& path) {
  absl::StatusOr<Node*> node = Resolve(path);
  if (!node.ok()) return node.status();
  PathState state{.confirmed_at = clock_.Now()};
  if (*node != nullptr) state.attributes = (*node)->attributes;
  return state;
}

absl::StatusOr<ListingRef> MemorySource::MakeListing(const Path& path, const DirectoryPage& page) {
  const std::string what = absl::StrCat("read directory '", path.text(), "'");
  if (page.bits > kPageBitsMax || page.index >> page.bits != 0) return ErrnoStatus(EINVAL, what);
  absl::StatusOr<Node*> node = Resolve(path);
  if (!node.ok()) return node.status();
  if (*node == nullptr) return ErrnoStatus(ENOENT, what);
  if (!S_ISDIR((*node)->attributes.mode)) return ErrnoStatus(ENOTDIR, what);

  auto listing = std::make_shared<Listing>();
  listing->directory = (*node)->attributes;
  listing->page = page;
  listing->confirmed_at = clock_.Now();
  for (const std::string& name : (*node)->names) {
    if (PageOf(CookieOf(name), page.bits) != page) continue;
    const Node& child = nodes_.at(*path.Child(name));
    Dentry& entry = listing->entries.emplace_back();
    entry.name = name;
    entry.type = child.attributes.mode & S_IFMT;
    entry.inode = child.attributes.inode;
    if (child.hidden.ok()) entry.attributes = child.attributes;
  }
  if (listing->entries.size() > entries_max_) {
    listing->bits_needed =
        std::min(page.bits + BitsFor(listing->entries.size(), entries_max_), kPageBitsMax);
    listing->entries.clear();
  }
  SortEntries(listing->entries);
  return listing;
}

absl::StatusOr<MemorySource::Node*> MemorySource::ResolveFile(const Path& path,
                                                              const Version& version) {
  const std::string what = absl::StrCat("the file '", path.text(), "'");
  absl::StatusOr<Node*> node = Resolve(path);
  if (!node.ok()) return node.status();
  if (*node == nullptr) return ErrnoStatus(ENOENT, what);
  const Attributes& attributes = (*node)->attributes;
  if (S_ISDIR(attributes.mode)) return ErrnoStatus(EISDIR, what);
  if (!S_ISREG(attributes.mode)) return ErrnoStatus(EINVAL, what);
  if (attributes.version != version) return ErrnoStatus(ESTALE, what);
  return node;
}

absl::StatusOr<BlockRef> MemorySource::MakeBlock(const BlockKey& key) {
  const std::string what = absl::StrCat("read block ", key.index, " of '", key.path.text(), "'");
  const size_t length = key.LengthBytes();
  if (length == 0) return ErrnoStatus(EINVAL, what);
  absl::StatusOr<Node*> found = ResolveFile(key.path, key.version);
  if (!found.ok()) return found.status();
  Node& node = **found;

  const uint64_t start = key.index * kBlockBytes;
  if (node.bytes != nullptr && !node.corrupt_next) {
    // The block shares the file's memory, and keeps it.
    const char* begin = node.bytes->data() + start;
    return std::make_shared<const Block>(std::shared_ptr<const char>(node.bytes, begin), length,
                                         Crc32c({begin, length}));
  }
  absl::StatusOr<std::shared_ptr<char>> memory = MakeHeapBlockAllocator()->Allocate(length);
  if (!memory.ok()) return memory.status();
  char* begin = memory->get();
  for (size_t i = 0; i < length; ++i) {
    begin[i] = node.bytes == nullptr ? GeneratedByte(start + i) : (*node.bytes)[start + i];
  }
  const uint32_t crc = Crc32c({begin, length});
  if (node.corrupt_next) begin[length / 2] ^= 1;
  node.corrupt_next = false;
  return std::make_shared<const Block>(*std::move(memory), length, crc);
}

void MemorySource::GetAttributes(const Path& path, const RequestContext& context,
                                 Done<PathState> done) {
  absl::StatusOr<PathState> answer;
  {
    MutexLock lock(mutex_);
    const absl::Status error =
        Arrive({.kind = Kind::kAttributes, .path = path, .context = context});
    answer = error.ok() ? MakePathState(path) : error;
  }
  Deliver(Kind::kAttributes, std::move(done), std::move(answer));
}

void MemorySource::ReadDirectory(const Path& path, const DirectoryPage& page,
                                 const RequestContext& context, Done<ListingRef> done) {
  absl::StatusOr<ListingRef> answer;
  {
    MutexLock lock(mutex_);
    const absl::Status error =
        Arrive({.kind = Kind::kListing, .path = path, .page = page, .context = context});
    answer = error.ok() ? MakeListing(path, page) : error;
  }
  Deliver(Kind::kListing, std::move(done), std::move(answer));
}

void MemorySource::ReadBlock(const BlockKey& key, const RequestContext& context,
                             Done<BlockRef> done) {
  absl::StatusOr<BlockRef> answer;
  {
    MutexLock lock(mutex_);
    const absl::Status error = Arrive({.kind = Kind::kBlock,
                                       .path = key.path,
                                       .version = key.version,
                                       .index = key.index,
                                       .context = context});
    answer = error.ok() ? MakeBlock(key) : error;
  }
  Deliver(Kind::kBlock, std::move(done), std::move(answer));
}

void MemorySource::FindExtent(const Path& path, const Version& version, uint64_t offset,
                              ExtentKind kind, const RequestContext& context, Done<uint64_t> done) {
  absl::StatusOr<uint64_t> answer = FindInAllData(version.size, offset, kind);
  {
    MutexLock lock(mutex_);
    absl::Status error =
        Arrive({.kind = Kind::kExtent, .path = path, .version = version, .context = context});
    if (error.ok()) error = ResolveFile(path, version).status();
    if (StatusErrno(error) == EISDIR) error = ErrnoStatus(EINVAL, "seek in a directory");
    if (!error.ok()) answer = error;
  }
  Deliver(Kind::kExtent, std::move(done), std::move(answer));
}

void MemorySource::GetFileSystemStatistics(const Path& path, const RequestContext& context,
                                           Done<FileSystemStatistics> done) {
  absl::StatusOr<FileSystemStatistics> answer;
  {
    MutexLock lock(mutex_);
    const absl::Status error =
        Arrive({.kind = Kind::kStatistics, .path = path, .context = context});
    const absl::StatusOr<Node*> node = Resolve(path);
    if (!error.ok()) {
      answer = error;
    } else if (!node.ok()) {
      answer = node.status();
    } else if (*node == nullptr) {
      answer = ErrnoStatus(ENOENT, absl::StrCat("statvfs '", path.text(), "'"));
    } else {
      answer = statistics_;
    }
  }
  Deliver(Kind::kStatistics, std::move(done), std::move(answer));
}

template <typename T>
void MemorySource::Deliver(Kind kind, Done<T> done, absl::StatusOr<T> answer) {
  {
    MutexLock lock(mutex_);
    KindState& state = kinds_[kind];
    if (state.held) {
      state.answers.push_back([done = std::move(done), answer = std::move(answer)]() mutable {
        std::move(done)(std::move(answer));
      });
      held_changed_.NotifyAll();
      return;
    }
  }
  std::move(done)(std::move(answer));
}

}  // namespace coppice
