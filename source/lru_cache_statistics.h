// The figures of a cache as the counters of its layer.
#ifndef COPPICE_SOURCE_LRU_CACHE_STATISTICS_H_
#define COPPICE_SOURCE_LRU_CACHE_STATISTICS_H_

#include <cstdint>
#include <map>
#include <string>

#include "source/lru_cache.h"

namespace coppice {

inline std::map<std::string, uint64_t> CountersOf(const LruCacheStatistics& statistics,
                                                  const std::string& prefix = "") {
  return {{prefix + "hits", statistics.hits},
          {prefix + "misses", statistics.misses},
          {prefix + "insertions", statistics.insertions},
          {prefix + "evictions", statistics.evictions},
          {prefix + "too_large", statistics.too_large},
          {prefix + "entries", statistics.entries},
          {prefix + "bytes", statistics.bytes},
          {prefix + "capacity_bytes", statistics.capacity_bytes}};
}

}  // namespace coppice

#endif  // COPPICE_SOURCE_LRU_CACHE_STATISTICS_H_
