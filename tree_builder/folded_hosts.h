// Folds host names back into host expressions, for people to read: node007 and node031 are
// "node[007,031]".
//
// What Text() says, ExpandHosts() reads back as the same set of names. Folds over every number of a
// name in turn, the last one first; not always the shortest text there is. Not thread-safe.
#ifndef COPPICE_TREE_BUILDER_FOLDED_HOSTS_H_
#define COPPICE_TREE_BUILDER_FOLDED_HOSTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

namespace coppice {

class FoldedHosts {
 public:
  FoldedHosts() = default;
  explicit FoldedHosts(const std::vector<std::string>& names) {
    for (const std::string& name : names) Add(name);
  }

  // A name that is there already changes nothing.
  void Add(absl::string_view name) { names_.emplace(name); }

  size_t size() const { return names_.size(); }

  // The whole set; empty for none. O(size), and a sort.
  std::string Text() const;

  // The same, cut behind an operand when it is longer than `bytes_max`, with the number of all.
  std::string ShortText(size_t bytes_max = 200) const;

 private:
  absl::flat_hash_set<std::string> names_;
};

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_FOLDED_HOSTS_H_
