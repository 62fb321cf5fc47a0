#include "fuse_client/testing/fake_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace coppice {
namespace {

Path P(const std::string& text) { return Path::Parse(text).value(); }

}  // namespace

FakeSource::FakeSource() { Add("", {.attributes = {.mode = S_IFDIR | 0755, .nlink = 2}}); }

void FakeSource::AddDirectory(const std::string& path) {
  Add(path, {.attributes = {.mode = S_IFDIR | 0755, .nlink = 2}});
}

void FakeSource::AddFile(const std::string& path, const std::string& content) {
  Add(path, {.attributes = {.mode = S_IFREG | 0644, .nlink = 1, .size = content.size()},
             .content = content});
}

void FakeSource::AddLink(const std::string& path, const std::string& target) {
  Add(path,
      {.attributes = {
           .mode = S_IFLNK | 0777, .nlink = 1, .size = target.size(), .link_target = target}});
}

void FakeSource::Add(const std::string& path, Node node) {
  MutexLock lock(mutex_);
  node.attributes.device = 1;
  node.attributes.inode = next_inode_++;
  node.attributes.version = {.id = next_version_++, .size = node.attributes.size};
  nodes_[P(path)] = std::move(node);
  if (!path.empty()) Touch(P(path).Parent());
}

void FakeSource::Remove(const std::string& path) {
  MutexLock lock(mutex_);
  nodes_.erase(P(path));
  Touch(P(path).Parent());
}

void FakeSource::Touch(const Path& directory) {
  nodes_.at(directory).attributes.version.id = next_version_++;
}

void FakeSource::Edit(const std::string& path, const std::function<void(Attributes&)>& edit) {
  MutexLock lock(mutex_);
  edit(nodes_.at(P(path)).attributes);
}

void FakeSource::HideAttributes(const std::string& path) {
  MutexLock lock(mutex_);
  nodes_.at(P(path)).hidden = true;
}

void FakeSource::SetPaging(size_t entries_max, uint32_t bits) {
  MutexLock lock(mutex_);
  entries_max_ = entries_max;
  page_bits_ = bits;
}

void FakeSource::SetMissingHaveVersion(bool have) {
  MutexLock lock(mutex_);
  missing_have_version_ = have;
}

void FakeSource::HaveAllAtHand(std::function<void()> on_found) {
  MutexLock lock(mutex_);
  on_found_ = std::move(on_found);
}

std::optional<PathState> FakeSource::FindAttributes(const Path& directory, absl::string_view name,
                                                    absl::Duration /*age_max*/) {
  std::function<void()> on_found;
  {
    MutexLock lock(mutex_);
    on_found = on_found_;
  }
  if (!on_found) return std::nullopt;
  std::optional<PathState> state = StateOf(directory.Child(name).value()).value();
  on_found();
  return state;
}

Attributes FakeSource::AttributesOf(const std::string& path) const {
  MutexLock lock(mutex_);
  return nodes_.at(P(path)).attributes;
}

void FakeSource::FailWith(absl::Status status) {
  MutexLock lock(mutex_);
  failure_ = std::move(status);
}

absl::Status FakeSource::failure() const {
  MutexLock lock(mutex_);
  return failure_;
}

void FakeSource::Hold() {
  MutexLock lock(mutex_);
  holding_ = true;
}

void FakeSource::WaitForHeld(size_t count) {
  MutexLock lock(mutex_);
  while (held_.size() < count) changed_.Wait(mutex_);
}

void FakeSource::Release() {
  std::vector<Answer> answers;
  {
    MutexLock lock(mutex_);
    holding_ = false;
    answers.swap(held_);
  }
  for (Answer& answer : answers) std::move(answer)();
}

std::vector<std::string> FakeSource::TakeRequests() {
  MutexLock lock(mutex_);
  return std::exchange(requests_, {});
}

RequestContext FakeSource::last_context() const {
  MutexLock lock(mutex_);
  return last_context_;
}

void FakeSource::Take(std::string request, const RequestContext& context, Answer answer) {
  {
    MutexLock lock(mutex_);
    requests_.push_back(std::move(request));
    last_context_ = context;
    if (holding_) {
      held_.push_back(std::move(answer));
      changed_.NotifyAll();
      return;
    }
  }
  std::move(answer)();
}

void FakeSource::GetAttributes(const Path& path, const RequestContext& context,
                               Done<PathState> done) {
  Take(absl::StrCat("attributes ", path.text()), context,
       [this, path, done = std::move(done)]() mutable { std::move(done)(StateOf(path)); });
}

void FakeSource::ReadDirectory(const Path& path, const DirectoryPage& page,
                               const RequestContext& context, Done<ListingRef> done) {
  Take(absl::StrCat("directory ", path.text()), context,
       [this, path, page, done = std::move(done)]() mutable {
         std::move(done)(ListingOf(path, page));
       });
}

void FakeSource::ReadBlock(const BlockKey& key, const RequestContext& context,
                           Done<BlockRef> done) {
  Take(absl::StrCat("block ", key.path.text(), " ", key.index), context,
       [this, key, done = std::move(done)]() mutable { std::move(done)(BlockOf(key)); });
}

void FakeSource::FindExtent(const Path& path, const Version& version, uint64_t offset,
                            ExtentKind kind, const RequestContext& context, Done<uint64_t> done) {
  Take(absl::StrCat("extent ", path.text(), " ", offset), context,
       [this, path, version, offset, kind, done = std::move(done)]() mutable {
         const absl::StatusOr<PathState> state = StateOf(path);
         if (!state.ok()) return std::move(done)(state.status());
         if (!state->attributes.has_value()) return std::move(done)(ErrnoStatus(ENOENT, "seek"));
         if (state->attributes->version != version) return std::move(done)(ErrnoStatus(ESTALE, ""));
         std::move(done)(FindInAllData(version.size, offset, kind));
       });
}

void FakeSource::GetFileSystemStatistics(const Path& /*path*/, const RequestContext& context,
                                         Done<FileSystemStatistics> done) {
  Take("statistics", context, [this, done = std::move(done)]() mutable {
    if (const absl::Status status = failure(); !status.ok()) return std::move(done)(status);
    std::move(done)(FileSystemStatistics{.block_size = 4096,
                                         .fragment_size = 512,
                                         .blocks = 1000,
                                         .blocks_free = 200,
                                         .blocks_available = 100,
                                         .files = 50,
                                         .files_free = 20,
                                         .files_available = 10,
                                         .name_bytes_max = 255});
  });
}

absl::StatusOr<PathState> FakeSource::StateOf(const Path& path) const {
  MutexLock lock(mutex_);
  if (!failure_.ok()) return failure_;
  const auto found = nodes_.find(path);
  if (found != nodes_.end()) return PathState{.attributes = found->second.attributes};
  PathState missing;
  const auto parent = path.IsRoot() ? nodes_.end() : nodes_.find(path.Parent());
  if (missing_have_version_ && parent != nodes_.end()) {
    missing.directory_version = parent->second.attributes.version;
  }
  return missing;
}

absl::StatusOr<ListingRef> FakeSource::ListingOf(const Path& path,
                                                 const DirectoryPage& page) const {
  MutexLock lock(mutex_);
  if (!failure_.ok()) return failure_;
  const auto found = nodes_.find(path);
  if (found == nodes_.end()) return ErrnoStatus(ENOENT, path.text());
  if (!S_ISDIR(found->second.attributes.mode)) return ErrnoStatus(ENOTDIR, path.text());
  auto listing = std::make_shared<Listing>();
  listing->directory = found->second.attributes;
  listing->page = page;
  size_t entries = 0;
  for (const auto& [child, node] : nodes_) {
    if (child.IsRoot() || child.Parent() != path) continue;
    ++entries;
    const std::string name(child.Name());
    if (PageOf(CookieOf(name), page.bits) != page) continue;
    Dentry dentry{
        .name = name, .type = node.attributes.mode & S_IFMT, .inode = node.attributes.inode};
    if (!node.hidden) dentry.attributes = node.attributes;
    listing->entries.push_back(std::move(dentry));
  }
  if (entries > entries_max_ && page.bits < page_bits_) {
    listing->entries.clear();
    listing->bits_needed = page_bits_;
  }
  SortEntries(listing->entries);
  return listing;
}

absl::StatusOr<BlockRef> FakeSource::BlockOf(const BlockKey& key) const {
  MutexLock lock(mutex_);
  if (!failure_.ok()) return failure_;
  const auto found = nodes_.find(key.path);
  if (found == nodes_.end()) return ErrnoStatus(ENOENT, key.path.text());
  if (found->second.attributes.version != key.version) {
    return ErrnoStatus(ESTALE, key.path.text());
  }
  const size_t length = key.LengthBytes();
  if (length == 0) return ErrnoStatus(EINVAL, key.path.text());
  std::shared_ptr<char> memory(new char[length], std::default_delete<char[]>());
  found->second.content.copy(memory.get(), length, key.index * kBlockBytes);
  return std::make_shared<const Block>(memory, length, 0);
}

}  // namespace coppice
