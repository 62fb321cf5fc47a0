#include "fuse_client/inode_table.h"

#include <sys/stat.h>

#include <algorithm>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace coppice {
namespace {

// The text of the path of the directory that a path is in; of the root, that of itself.
absl::string_view DirectoryOf(const Path& path) {
  const absl::string_view text = path.text();
  const size_t name_bytes = path.Name().size();
  return text.substr(0, text.size() == name_bytes ? 0 : text.size() - name_bytes - 1);
}

bool MayHaveHoles(const Attributes& attributes) {
  constexpr uint64_t kSectorBytes = 512;  // the unit of Attributes::blocks
  const uint64_t sectors =
      attributes.size / kSectorBytes + (attributes.size % kSectorBytes != 0 ? 1 : 0);
  return S_ISREG(attributes.mode) && attributes.blocks < sectors;
}

}  // namespace

bool InodeEntry::IsDirectory() const { return S_ISDIR(type); }

bool InodeEntry::Matches(const Attributes& attributes) const {
  if ((attributes.mode & S_IFMT) != type) return false;
  if (!IsDirectory()) return attributes.version.id == version.id;
  return path.IsRoot() || (attributes.device == device && attributes.inode == inode);
}

InodeTable::InodeTable() {
  nodes_[kRootNode] = {.entry = std::make_shared<InodeEntry>(InodeEntry{.type = S_IFDIR}),
                       .lookups = 1};
  by_directory_[""][""] = {kRootNode};
}

uint64_t InodeTable::AddLookup(Path path, const Attributes& attributes) {
  MutexLock lock(mutex_);
  Names& names = by_directory_.try_emplace(DirectoryOf(path)).first->second;
  Ids& ids = names.try_emplace(path.Name()).first->second;
  for (const uint64_t id : ids) {
    Node& node = nodes_.at(id);
    if (!node.entry->Matches(attributes)) continue;
    ++node.lookups;
    return id;
  }
  const uint64_t id = next_node_++;
  ids.push_back(id);
  nodes_[id] = {
      .entry = std::make_shared<InodeEntry>(InodeEntry{.path = std::move(path),
                                                       .type = attributes.mode & S_IFMT,
                                                       .version = attributes.version,
                                                       .device = attributes.device,
                                                       .inode = attributes.inode,
                                                       .may_have_holes = MayHaveHoles(attributes)}),
      .lookups = 1};
  return id;
}

bool InodeTable::Forget(uint64_t node, uint64_t lookups) {
  if (node == kRootNode) return false;
  MutexLock lock(mutex_);
  const auto found = nodes_.find(node);
  // The kernel may say more than it was given only by a fault of its own; a node is never kept for
  // that.
  if (found == nodes_.end()) return false;
  if (found->second.lookups > lookups) {
    found->second.lookups -= lookups;
    return false;
  }
  const Path& path = found->second.entry->path;
  const auto directory = by_directory_.find(DirectoryOf(path));
  Names& names = directory->second;
  const auto name = names.find(path.Name());
  Ids& ids = name->second;
  ids.erase(std::remove(ids.begin(), ids.end(), node), ids.end());
  if (ids.empty()) names.erase(name);
  if (names.empty()) by_directory_.erase(directory);
  nodes_.erase(found);
  return true;
}

InodeEntryRef InodeTable::Find(uint64_t node) const {
  MutexLock lock(mutex_);
  const auto found = nodes_.find(node);
  return found != nodes_.end() ? found->second.entry : nullptr;
}

void InodeTable::SetRoot(const Attributes& attributes) {
  MutexLock lock(mutex_);
  InodeEntryRef& root = nodes_.at(kRootNode).entry;
  if (root->device == attributes.device && root->inode == attributes.inode) return;
  auto changed = std::make_shared<InodeEntry>(*root);
  changed->device = attributes.device;
  changed->inode = attributes.inode;
  root = std::move(changed);
}

const InodeTable::Ids* InodeTable::IdsAt(const Path& path) const {
  const auto directory = by_directory_.find(DirectoryOf(path));
  if (directory == by_directory_.end()) return nullptr;
  const auto name = directory->second.find(path.Name());
  return name != directory->second.end() ? &name->second : nullptr;
}

std::vector<uint64_t> InodeTable::NodesAt(const Path& path) const {
  MutexLock lock(mutex_);
  const Ids* const ids = IdsAt(path);
  if (ids == nullptr) return {};
  return {ids->begin(), ids->end()};
}

std::vector<std::pair<uint64_t, Path>> InodeTable::NodesWithin(const Path& path) const {
  std::vector<std::pair<uint64_t, Path>> within;
  const auto add = [&](const Ids& ids) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const uint64_t id : ids) within.emplace_back(id, nodes_.at(id).entry->path);
  };
  const std::string prefix = absl::StrCat(path.text(), "/");
  {
    MutexLock lock(mutex_);
    // The root is in itself.
    if (const Ids* const self = IdsAt(path); self != nullptr && !path.IsRoot()) add(*self);
    for (const auto& [directory, names] : by_directory_) {
      const bool inside = path.IsRoot() || directory == path.text();
      if (!inside && !absl::StartsWith(directory, prefix)) continue;
      for (const auto& [name, ids] : names) add(ids);
    }
  }
  std::sort(within.begin(), within.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second, a.first) < std::tie(b.second, b.first);
  });
  return within;
}

std::vector<std::string> InodeTable::ChildNames(const Path& path) const {
  MutexLock lock(mutex_);
  const auto directory = by_directory_.find(path.text());
  if (directory == by_directory_.end()) return {};
  std::vector<std::string> names;
  names.reserve(directory->second.size());
  for (const auto& [name, ids] : directory->second) {
    if (!name.empty()) names.push_back(name);
  }
  return names;
}

size_t InodeTable::size() const {
  MutexLock lock(mutex_);
  return nodes_.size();
}

}  // namespace coppice
