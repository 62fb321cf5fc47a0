#include "source/shared_block_layout.h"

#include <array>

#include "xxhash.h"

namespace coppice {

SharedBlockKey HashBlockKey(const BlockKey& key, uint64_t secret) {
  // The numbers' hash seeds the path's: one pass over each, nothing is put together in memory.
  const std::array<uint64_t, 4> numbers = {secret, key.version.id, key.version.size, key.index};
  const XXH64_hash_t seed = XXH3_64bits_withSeed(numbers.data(), sizeof(numbers), secret);
  const XXH128_hash_t hash =
      XXH3_128bits_withSeed(key.path.text().data(), key.path.text().size(), seed);
  return {.low = hash.low64, .high = hash.high64};
}

}  // namespace coppice
