// A part of a file system, read into memory once and kept for good: what floor_mount serves. It
// never changes after Load, so all of it may be read without a lock.
//
// Holds what is below the given directories, and the directories that lead to them, each with that
// one entry only. Links are kept as links. The contents lie one after the other in one mapping of
// large pages, each file at the start of a page.
#ifndef COPPICE_BENCH_MEMORY_TREE_H_
#define COPPICE_BENCH_MEMORY_TREE_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coppice {

class MemoryTree {
 public:
  // Of the export root; as FUSE has it. 0 is no node.
  static constexpr uint64_t kRootNode = 1;
  static constexpr size_t kNodesMax = 4'000'000;

  struct Node {
    struct stat attributes = {};
    uint64_t parent = kRootNode;
    std::string name;
    // Of a link.
    std::string target;
    // Of a file, where it starts in memory; its size is in the attributes.
    size_t data_offset = 0;
    // False: it could not be opened.
    bool readable = true;
    // Of a directory, in the order in which they are listed.
    std::vector<uint64_t> entries;
  };

  // Reads everything below `directories`, which are absolute paths below the export root as a mount
  // shows it: "/usr/lib". NOTDIR or the errno of what could not be read, with its path.
  static absl::StatusOr<MemoryTree> Load(const std::string& export_root,
                                         const std::vector<std::string>& directories);

  MemoryTree(MemoryTree&& other) noexcept;
  MemoryTree& operator=(MemoryTree&&) = delete;
  ~MemoryTree();

  // nullptr for what is no node.
  const Node* Find(uint64_t node) const;
  // 0: there is no entry of the name.
  uint64_t Lookup(uint64_t parent, absl::string_view name) const;
  // Of a file; empty from its end on.
  absl::string_view Data(const Node& node, uint64_t offset, size_t size) const;

  size_t node_count() const { return nodes_.size(); }
  size_t data_bytes() const { return data_bytes_; }

 private:
  MemoryTree() = default;
  absl::StatusOr<uint64_t> AddEntry(uint64_t parent, const std::string& name,
                                    const std::string& path);
  absl::Status AddBelow(uint64_t directory, const std::string& path);
  absl::Status AddTree(const std::string& export_root, const std::string& directory);
  absl::Status ReadContents();

  // The node i is at i - 1.
  std::vector<Node> nodes_;
  absl::flat_hash_map<std::pair<uint64_t, std::string>, uint64_t> names_;
  // Until the contents are read: where each file is, by node.
  std::vector<std::pair<uint64_t, std::string>> files_;
  char* data_ = nullptr;
  size_t data_bytes_ = 0;
};

}  // namespace coppice

#endif  // COPPICE_BENCH_MEMORY_TREE_H_
