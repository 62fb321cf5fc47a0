// What a cache hit costs: with the keys and values of the block cache, and with those of the
// attributes. Eight threads show what the shards are for.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "source/attributes.h"
#include "source/block.h"
#include "source/lru_cache.h"
#include "source/path.h"

namespace coppice {
namespace {

constexpr size_t kEntries = 4096;
constexpr size_t kChargeBytes = 256;
constexpr int kThreads = 8;
// A step through the keys that no cache line follows, prime to their number.
constexpr size_t kStride = 1021;

Path PathNumber(size_t number) {
  return *Path::Parse(
      absl::StrCat("lus/project/env/lib/python3/site-packages/package/module_", number, ".py"));
}

std::vector<BlockKey> BlockKeys() {
  std::vector<BlockKey> keys;
  for (size_t i = 0; i < kEntries; ++i) {
    keys.push_back({.path = PathNumber(i), .version = {.id = i + 1, .size = kBlockBytes}});
  }
  return keys;
}

std::vector<Path> Paths() {
  std::vector<Path> paths;
  for (size_t i = 0; i < kEntries; ++i) paths.push_back(PathNumber(i));
  return paths;
}

template <typename Key, typename Value>
struct FilledCache {
  FilledCache(std::vector<Key> of_keys, const Value& value)
      : keys(std::move(of_keys)), cache(4 * kEntries * kChargeBytes, kChargeBytes) {
    for (const Key& key : keys) cache.Insert(key, value, kChargeBytes);
  }

  std::vector<Key> keys;
  LruCache<Key, Value> cache;
};

// The threads of one benchmark share the cache, so it lives as long as the process.
template <typename Filled>
void Hit(benchmark::State& state, Filled& filled) {
  size_t next = static_cast<size_t>(state.thread_index()) * kStride;
  for (auto _ : state) {
    next = (next + kStride) % kEntries;
    benchmark::DoNotOptimize(filled.cache.Lookup(filled.keys[next]));
  }
  state.SetItemsProcessed(state.iterations());
}

void HitOfBlock(benchmark::State& state) {
  static FilledCache<BlockKey, BlockRef> filled(BlockKeys(),
                                                std::make_shared<Block>(nullptr, 0, 0));
  Hit(state, filled);
}
BENCHMARK(HitOfBlock)->Name("lru_cache/hit_block")->Threads(1)->Threads(kThreads)->UseRealTime();

void HitOfAttributes(benchmark::State& state) {
  static FilledCache<Path, PathState> filled(Paths(), PathState{.attributes = Attributes{}});
  Hit(state, filled);
}
BENCHMARK(HitOfAttributes)
    ->Name("lru_cache/hit_attributes")
    ->Threads(1)
    ->Threads(kThreads)
    ->UseRealTime();

// Every thread asks for the same block, as the processes of one node do.
void HitOfOneBlock(benchmark::State& state) {
  static FilledCache<BlockKey, BlockRef> filled(BlockKeys(),
                                                std::make_shared<Block>(nullptr, 0, 0));
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.Lookup(filled.keys.front()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(HitOfOneBlock)
    ->Name("lru_cache/hit_one_block")
    ->Threads(1)
    ->Threads(kThreads)
    ->UseRealTime();

void Miss(benchmark::State& state) {
  FilledCache<Path, PathState> filled(Paths(), PathState{});
  const Path absent = PathNumber(kEntries);
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.Lookup(absent));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Miss)->Name("lru_cache/miss");

}  // namespace
}  // namespace coppice
