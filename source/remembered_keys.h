// RememberedKeys: which keys came up before, as far as that is remembered: of so many, the least
// recently used is forgotten first, and is new again.
//
// Thread-safe.
#ifndef COPPICE_SOURCE_REMEMBERED_KEYS_H_
#define COPPICE_SOURCE_REMEMBERED_KEYS_H_

#include <cstddef>

#include "source/lru_cache.h"

namespace coppice {

template <typename Key>
class RememberedKeys {
 public:
  // As the capacity and the least of a shard of LruCache, in keys.
  RememberedKeys(size_t keys_max, size_t shard_keys_min) : keys_(keys_max, shard_keys_min) {}

  bool Has(const Key& key) { return keys_.Lookup(key).has_value(); }

  // Whether it comes up for the first time; it is remembered. Two at once may both be the first.
  bool IsNew(const Key& key) {
    if (Has(key)) return false;
    keys_.Insert(key, true, 1);
    return true;
  }

 private:
  LruCache<Key, bool> keys_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_REMEMBERED_KEYS_H_
