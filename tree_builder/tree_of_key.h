// Which tree a key belongs to: the placement.
//
// Every process of a job must say the same of a key, whatever its build: the answer is from the
// bytes of the path, the index and the number of trees only. The hash is XXH3 (64 bits; xxHash
// 0.8, whose values are fixed since), seeded with 0 for a directory and with index + 1 for a block;
// its upper 32 bits times the trees, divided by 2^32, is the tree (Lemire, "Fast Random Integer
// Generation in an Interval", 2019), so that the share of each is even to 1 in 2^32 / trees.
//
// Pure, thread-safe.
#ifndef COPPICE_TREE_BUILDER_TREE_OF_KEY_H_
#define COPPICE_TREE_BUILDER_TREE_OF_KEY_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace coppice {

// Of a directory with all that is asked about its names: listing, attributes, link targets. `path`
// is relative to the export root, without a '/' at its ends; "" is the export root. All names of a
// directory are then in one tree, so a listing answers each of them.
// REQUIRES: tree_count > 0.
uint32_t TreeOfDirectory(absl::string_view path, uint32_t tree_count);

// Of a block of a file: the blocks of one large file are spread over all trees.
// REQUIRES: tree_count > 0.
uint32_t TreeOfBlock(absl::string_view path, uint64_t block_index, uint32_t tree_count);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_TREE_OF_KEY_H_
