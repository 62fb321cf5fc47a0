// The node ids of the FUSE protocol: what the kernel calls a file by, and what we know it as.
//
// A node stands for one *version* of a non-directory: its key is (path, type, version id). Since we
// answer ENOSYS to open, the kernel knows a file by its node id alone; a changed file gets another
// one, and no page of the old bytes is ever shown among the new. A directory's key is (path,
// device, inode): it keeps its node while its entries come and go. Ids are never reused, so the
// generation is always 0.
//
// The kernel owns the nodes: each answer that names one adds a lookup, and a node lives until the
// kernel has forgotten as many. The kernel's memory bounds the table. Not the numbers that programs
// see: those are inode_numbers.h.
//
// Thread-safe; one short lock.
#ifndef COPPICE_FUSE_CLIENT_INODE_TABLE_H_
#define COPPICE_FUSE_CLIENT_INODE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "common/mutex.h"
#include "source/attributes.h"
#include "source/path.h"

namespace coppice {

inline constexpr uint64_t kRootNode = 1;

// What a node id stands for.
struct InodeEntry {
  Path path;
  uint32_t type = 0;  // the S_IFMT bits
  Version version;    // of a directory: as of its first lookup
  uint64_t device = 0;
  uint64_t inode = 0;
  // A regular file with less on disk than its size.
  bool may_have_holes = false;

  bool IsDirectory() const;
  // Whether attributes that the path has now are of this node. The root is what it is.
  bool Matches(const Attributes& attributes) const;
};

// Shared and immutable once made.
using InodeEntryRef = std::shared_ptr<const InodeEntry>;

class InodeTable {
 public:
  InodeTable();

  // The node id of the path with these attributes, with one lookup more.
  uint64_t AddLookup(Path path, const Attributes& attributes);

  // Takes lookups back. True when the node is gone with the last. The root stays.
  bool Forget(uint64_t node, uint64_t lookups);

  // Or nullptr.
  InodeEntryRef Find(uint64_t node) const;

  // Device and inode of the root, once they are known.
  void SetRoot(const Attributes& attributes);

  // All nodes at exactly this path: several, when the file changed and old ones are still in use.
  std::vector<uint64_t> NodesAt(const Path& path) const;
  // The nodes at this path and everywhere below it, in the order of their paths.
  std::vector<std::pair<uint64_t, Path>> NodesWithin(const Path& path) const;
  // The names, directly below this path, of which the kernel knows a node.
  std::vector<std::string> ChildNames(const Path& path) const;

  size_t size() const;

 private:
  struct Node {
    InodeEntryRef entry;
    uint64_t lookups = 0;
  };
  using Ids = absl::InlinedVector<uint64_t, 1>;
  using Names = absl::flat_hash_map<std::string, Ids>;

  // Or nullptr.
  const Ids* IdsAt(const Path& path) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  uint64_t next_node_ ABSL_GUARDED_BY(mutex_) = kRootNode + 1;
  absl::flat_hash_map<uint64_t, Node> nodes_ ABSL_GUARDED_BY(mutex_);
  // Every node of nodes_, by the text of its directory's path and by its name; the root as "" in
  // "". A lookup adds in constant time; a subtree, which only an order to forget asks for, is found
  // among all directories.
  absl::flat_hash_map<std::string, Names> by_directory_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace coppice

#endif  // COPPICE_FUSE_CLIENT_INODE_TABLE_H_
