#include "fuse_client/inode_table.h"

#include <sys/stat.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace coppice {
namespace {

// What the texts of all paths below a directory start with.
std::string PrefixBelow(const Path& directory) {
  return directory.IsRoot() ? "" : absl::StrCat(directory.text(), "/");
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
  by_path_[""] = {kRootNode};
}

uint64_t InodeTable::AddLookup(Path path, const Attributes& attributes) {
  MutexLock lock(mutex_);
  Ids& ids = by_path_[path.text()];
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
  const auto at_path = by_path_.find(found->second.entry->path.text());
  Ids& ids = at_path->second;
  ids.erase(std::remove(ids.begin(), ids.end(), node), ids.end());
  if (ids.empty()) by_path_.erase(at_path);
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

std::vector<uint64_t> InodeTable::NodesAt(const Path& path) const {
  MutexLock lock(mutex_);
  const auto found = by_path_.find(path.text());
  if (found == by_path_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<std::pair<uint64_t, Path>> InodeTable::NodesWithin(const Path& path) const {
  std::vector<std::pair<uint64_t, Path>> within;
  const auto add = [&](const Ids& ids) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const uint64_t id : ids) within.emplace_back(id, nodes_.at(id).entry->path);
  };
  MutexLock lock(mutex_);
  if (const auto self = by_path_.find(path.text()); self != by_path_.end()) add(self->second);
  const std::string prefix = PrefixBelow(path);
  for (auto it = by_path_.lower_bound(prefix);
       it != by_path_.end() && absl::StartsWith(it->first, prefix); ++it) {
    if (it->first != path.text()) add(it->second);
  }
  return within;
}

std::vector<std::string> InodeTable::ChildNames(const Path& path) const {
  std::vector<std::string> names;
  const std::string prefix = PrefixBelow(path);
  MutexLock lock(mutex_);
  auto it = by_path_.lower_bound(prefix);
  while (it != by_path_.end() && absl::StartsWith(it->first, prefix)) {
    const absl::string_view rest = absl::string_view(it->first).substr(prefix.size());
    const size_t slash = rest.find('/');
    if (slash == absl::string_view::npos) {
      if (!rest.empty()) names.emplace_back(rest);
      ++it;
      continue;
    }
    // Deeper: jump over all below this child. '0' is the character after '/'.
    it = by_path_.lower_bound(absl::StrCat(prefix, rest.substr(0, slash), "0"));
  }
  return names;
}

size_t InodeTable::size() const {
  MutexLock lock(mutex_);
  return nodes_.size();
}

}  // namespace coppice
