#include "tree_builder/tree_of_key.h"

#include "xxhash.h"

namespace coppice {
namespace {

uint32_t TreeOf(absl::string_view path, uint64_t seed, uint32_t tree_count) {
  const uint64_t hash = XXH3_64bits_withSeed(path.data(), path.size(), seed);
  return static_cast<uint32_t>(((hash >> 32) * tree_count) >> 32);
}

}  // namespace

uint32_t TreeOfDirectory(absl::string_view path, uint32_t tree_count) {
  return TreeOf(path, 0, tree_count);
}

uint32_t TreeOfBlock(absl::string_view path, uint64_t block_index, uint32_t tree_count) {
  return TreeOf(path, block_index + 1, tree_count);
}

}  // namespace coppice
