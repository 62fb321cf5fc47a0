// ByTreeSource: sends each request to the source of the tree that its key belongs to.
//
// A peer has one source for each tree: its parent in that tree, or the backing file system where it
// is the root. The key decides alone, not who asked: so a request climbs one tree from where it was
// asked to that tree's root, and a peer that gets one for a tree of which it is not the root passes
// it on.
//
// What belongs together:
//  - A directory: its listing, and the attributes and link target of each of its names. So a
//    listing is read once and answers its names, and revalidating it asks for the attributes of the
//    directory, which belong to the directory above.
//  - kBlocksOfGroup blocks of a file that follow each other, with the data and holes that are
//    looked for from there on. So a file that is read ahead whole is opened once, by one root, and
//    one large file is spread over all of them. A small file does not go with its directory: a
//    directory of a hundred libraries would load one root.
//
// Thread-safe. Keeps nothing.
#ifndef COPPICE_SOURCE_BY_TREE_SOURCE_H_
#define COPPICE_SOURCE_BY_TREE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "source/path.h"
#include "source/source.h"

namespace coppice {

// 8 MiB: above what is fetched whole (kWholeFileBytesMax), below what one root should send alone.
inline constexpr uint64_t kBlocksOfGroup = 8;

// The tree of a key, the same in every process of a job. Both are pure, and below the number of
// trees.
struct TreePlacement {
  std::function<size_t(const Path& directory)> of_directory;
  std::function<size_t(const Path& file, uint64_t group)> of_blocks;
};

// REQUIRES: `by_tree` is not empty, none is null, and all outlive the result. One source may stand
// for several trees.
std::unique_ptr<Source> MakeByTreeSource(std::vector<Source*> by_tree, TreePlacement placement);

}  // namespace coppice

#endif  // COPPICE_SOURCE_BY_TREE_SOURCE_H_
