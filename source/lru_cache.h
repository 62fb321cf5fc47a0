// A byte-bounded LRU cache, cut into shards with a mutex each.
//
// What it is not: it does not know what it holds, never loads anything, and does not merge
// concurrent loads (single_flight_source.h does). Values are handed out by copy, so they should be
// shared references: an evicted value lives until its last reader lets go.
//
// Thread-safe. A hit takes one shard's mutex, for a hash lookup and a list splice.
#ifndef COPPICE_SOURCE_LRU_CACHE_H_
#define COPPICE_SOURCE_LRU_CACHE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "common/mutex.h"

namespace coppice {

// The figures of a cache. Counters but for entries, bytes and capacity_bytes.
struct LruCacheStatistics {
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t insertions = 0;
  uint64_t evictions = 0;  // to make room
  uint64_t too_large = 0;  // never kept: larger than a shard
  uint64_t entries = 0;
  uint64_t bytes = 0;
  uint64_t capacity_bytes = 0;
};

template <typename Key, typename Value>
class LruCache {
 public:
  // A shard is at least `shard_bytes_min` large, so that a few of the largest entries fit into
  // each; there are at most kShardsMax. The charges of all entries never exceed `capacity_bytes`.
  LruCache(size_t capacity_bytes, size_t shard_bytes_min)
      : shards_(std::clamp<size_t>(capacity_bytes / std::max<size_t>(shard_bytes_min, 1), 1,
                                   kShardsMax)),
        shard_bytes_(capacity_bytes / shards_.size()) {}
  LruCache(const LruCache&) = delete;
  LruCache& operator=(const LruCache&) = delete;

  // A copy of the value, which becomes the most recently used of its shard.
  std::optional<Value> Lookup(const Key& key) { return LookupBy(key); }
  // The same by something that is equal to a key, and has its hash then: a view of one. Without
  // `count_miss` a miss is not counted, for who then asks on a way that comes here again.
  template <typename SearchKey>
  std::optional<Value> LookupBy(const SearchKey& key, bool count_miss = true) {
    const size_t hash = absl::Hash<SearchKey>()(key);
    Shard& shard = ShardOfHash(hash);
    MutexLock lock(shard.mutex);
    const auto found = shard.index.find(key, hash);
    if (found == shard.index.end()) {
      if (count_miss) ++shard.misses;
      return std::nullopt;
    }
    ++shard.hits;
    const Position position = *found;
    ++position->hits;
    shard.entries.splice(shard.entries.begin(), shard.entries, position);
    return position->value;
  }

  // Keeps the value under the key, in place of what was there, if `admit()` says so: it is asked
  // with the shard locked, so that it can order the insertion against an erasure elsewhere. A value
  // charged with more than a shard holds is not kept. A victim of which `spare(value)` is true,
  // with the shard locked too, becomes the most recently used instead; at most kSparesMax at a
  // time.
  template <typename Admit, typename Spare>
  void Insert(const Key& key, Value value, size_t charge_bytes, Admit admit, Spare spare) {
    std::list<Entry> removed;  // freed without the lock
    {
      Shard& shard = ShardOf(key);
      MutexLock lock(shard.mutex);
      if (!admit()) return;
      uint64_t hits = 0;
      if (const auto found = shard.index.find(key); found != shard.index.end()) {
        hits = (*found)->hits;
        Remove(shard, *found, removed);
      }
      if (charge_bytes > shard_bytes_) {
        ++shard.too_large;
        return;
      }
      for (size_t spares = 0; shard.bytes + charge_bytes > shard_bytes_;) {
        const Position victim = std::prev(shard.entries.end());
        if (spares < kSparesMax && spare(victim->value)) {
          ++spares;
          shard.entries.splice(shard.entries.begin(), shard.entries, victim);
          continue;
        }
        Remove(shard, victim, removed);
        ++shard.evictions;
      }
      shard.entries.push_front(Entry{key, std::move(value), charge_bytes, hits});
      shard.index.insert(shard.entries.begin());
      shard.bytes += charge_bytes;
      ++shard.insertions;
    }
  }
  template <typename Admit>
  void Insert(const Key& key, Value value, size_t charge_bytes, Admit admit) {
    Insert(key, std::move(value), charge_bytes, std::move(admit),
           [](const Value& /*value*/) { return false; });
  }
  void Insert(const Key& key, Value value, size_t charge_bytes) {
    Insert(key, std::move(value), charge_bytes, [] { return true; });
  }

  // Calls edit(value) where the value is kept, with its shard locked: edit must be short and must
  // not call back. The value becomes the most recently used. False when it is not there. For values
  // that are no shared references. Not counted as a lookup.
  template <typename Edit>
  bool EditInPlace(const Key& key, Edit edit) {
    const size_t hash = absl::Hash<Key>()(key);
    Shard& shard = ShardOfHash(hash);
    MutexLock lock(shard.mutex);
    const auto found = shard.index.find(key, hash);
    if (found == shard.index.end()) return false;
    const Position position = *found;
    shard.entries.splice(shard.entries.begin(), shard.entries, position);
    edit(position->value);
    return true;
  }

  void Erase(const Key& key) {
    std::list<Entry> removed;
    Shard& shard = ShardOf(key);
    MutexLock lock(shard.mutex);
    if (const auto found = shard.index.find(key); found != shard.index.end()) {
      Remove(shard, *found, removed);
    }
  }

  // Erases every entry for which predicate(key) is true. Walks the whole cache, shard by shard.
  template <typename Predicate>
  void EraseIf(Predicate predicate) {
    for (Shard& shard : shards_) {
      std::list<Entry> removed;
      MutexLock lock(shard.mutex);
      for (auto position = shard.entries.begin(); position != shard.entries.end();) {
        const auto next = std::next(position);
        if (predicate(position->key)) Remove(shard, position, removed);
        position = next;
      }
    }
  }

  // Calls visit(key, value, charge_bytes, hits) for every entry, with its shard locked: visit must
  // be short and must not call back.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const Shard& shard : shards_) {
      MutexLock lock(shard.mutex);
      for (const Entry& entry : shard.entries) {
        visit(entry.key, entry.value, entry.charge_bytes, entry.hits);
      }
    }
  }

  LruCacheStatistics Statistics() const {
    LruCacheStatistics sum;
    for (const Shard& shard : shards_) {
      MutexLock lock(shard.mutex);
      sum.hits += shard.hits;
      sum.misses += shard.misses;
      sum.insertions += shard.insertions;
      sum.evictions += shard.evictions;
      sum.too_large += shard.too_large;
      sum.entries += shard.entries.size();
      sum.bytes += shard.bytes;
      sum.capacity_bytes += shard_bytes_;
    }
    return sum;
  }

 private:
  static constexpr size_t kShardsMax = 16;
  static constexpr size_t kSparesMax = 16;

  struct Entry {
    Key key;
    Value value;
    size_t charge_bytes;
    uint64_t hits;
  };
  using Position = typename std::list<Entry>::iterator;

  // The index stores list positions and is searched by key, so that a key is stored once.
  struct HashOfKey {
    using is_transparent = void;
    template <typename SearchKey>
    size_t operator()(const SearchKey& key) const {
      return absl::Hash<SearchKey>()(key);
    }
    size_t operator()(Position position) const { return absl::Hash<Key>()(position->key); }
  };
  struct SameKey {
    using is_transparent = void;
    bool operator()(Position a, Position b) const { return a->key == b->key; }
    template <typename SearchKey>
    bool operator()(Position a, const SearchKey& b) const {
      return a->key == b;
    }
  };

  struct Shard {
    mutable Mutex mutex;
    std::list<Entry> entries ABSL_GUARDED_BY(mutex);  // most recently used first
    absl::flat_hash_set<Position, HashOfKey, SameKey> index ABSL_GUARDED_BY(mutex);
    size_t bytes ABSL_GUARDED_BY(mutex) = 0;
    uint64_t hits ABSL_GUARDED_BY(mutex) = 0;
    uint64_t misses ABSL_GUARDED_BY(mutex) = 0;
    uint64_t insertions ABSL_GUARDED_BY(mutex) = 0;
    uint64_t evictions ABSL_GUARDED_BY(mutex) = 0;
    uint64_t too_large ABSL_GUARDED_BY(mutex) = 0;
  };

  Shard& ShardOf(const Key& key) { return ShardOfHash(absl::Hash<Key>()(key)); }
  // The high bits: flat_hash_set uses the low ones.
  Shard& ShardOfHash(size_t hash) { return shards_[(hash >> 32) % shards_.size()]; }

  static void Remove(Shard& shard, Position position, std::list<Entry>& removed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex) {
    shard.index.erase(position);
    shard.bytes -= position->charge_bytes;
    removed.splice(removed.begin(), shard.entries, position);
  }

  std::vector<Shard> shards_;
  const size_t shard_bytes_;
};

}  // namespace coppice

#endif  // COPPICE_SOURCE_LRU_CACHE_H_
