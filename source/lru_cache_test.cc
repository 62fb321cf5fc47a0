#include "source/lru_cache.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using Cache = LruCache<int, std::shared_ptr<const std::string>>;

std::shared_ptr<const std::string> Value(const std::string& text) {
  return std::make_shared<const std::string>(text);
}

// One shard, so that the order of eviction is that of use.
std::unique_ptr<Cache> OneShard(size_t capacity) {
  return std::make_unique<Cache>(capacity, capacity);
}

TEST(LruCacheTest, HitAndMiss) {
  const auto cache = OneShard(100);
  EXPECT_FALSE(cache->Lookup(1).has_value());
  cache->Insert(1, Value("one"), 10);
  ASSERT_TRUE(cache->Lookup(1).has_value());
  EXPECT_EQ(**cache->Lookup(1), "one");
  EXPECT_EQ(cache->Statistics().hits, 2u);
  EXPECT_EQ(cache->Statistics().misses, 1u);
}

TEST(LruCacheTest, AViewOfAKeyFindsItAndItsMissNeedNotCount) {
  LruCache<std::string, int> cache(100, 100);
  cache.Insert("key", 7, 10);
  EXPECT_EQ(cache.LookupBy(absl::string_view("key")), 7);
  EXPECT_EQ(cache.LookupBy(absl::string_view("ke")), std::nullopt);
  EXPECT_EQ(cache.LookupBy(absl::string_view("ke"), /*count_miss=*/false), std::nullopt);
  EXPECT_EQ(cache.Statistics().hits, 1u);
  EXPECT_EQ(cache.Statistics().misses, 1u);
}

TEST(LruCacheTest, AValueIsEditedWhereItIsKept) {
  LruCache<int, int> cache(20, 20);
  cache.Insert(1, 10, 10);
  cache.Insert(2, 20, 10);
  EXPECT_TRUE(cache.EditInPlace(1, [](int& value) { ++value; }));
  EXPECT_FALSE(cache.EditInPlace(3, [](int& /*value*/) { FAIL(); }));
  // The edited one is the most recently used.
  cache.Insert(3, 30, 10);
  EXPECT_EQ(cache.Lookup(1), 11);
  EXPECT_EQ(cache.Lookup(2), std::nullopt);
}

TEST(LruCacheTest, TheLeastRecentlyUsedGoesFirst) {
  const auto cache = OneShard(30);
  for (int key : {1, 2, 3}) cache->Insert(key, Value("x"), 10);
  EXPECT_TRUE(cache->Lookup(1).has_value());
  cache->Insert(4, Value("x"), 10);
  EXPECT_FALSE(cache->Lookup(2).has_value());
  for (int key : {1, 3, 4}) EXPECT_TRUE(cache->Lookup(key).has_value()) << key;
  EXPECT_EQ(cache->Statistics().evictions, 1u);
}

TEST(LruCacheTest, AnEvictedValueLivesWithItsReader) {
  const auto cache = OneShard(10);
  cache->Insert(1, Value("held"), 10);
  const auto held = cache->Lookup(1);
  cache->Insert(2, Value("next"), 10);
  EXPECT_FALSE(cache->Lookup(1).has_value());
  EXPECT_EQ(**held, "held");
}

TEST(LruCacheTest, InsertReplaces) {
  const auto cache = OneShard(100);
  cache->Insert(1, Value("old"), 60);
  cache->Insert(1, Value("new"), 50);
  EXPECT_EQ(**cache->Lookup(1), "new");
  EXPECT_EQ(cache->Statistics().bytes, 50u);
  EXPECT_EQ(cache->Statistics().entries, 1u);
}

TEST(LruCacheTest, AnEntryLargerThanAShardIsNotKeptAndEvictsNothing) {
  const auto cache = OneShard(10);
  cache->Insert(1, Value("x"), 10);
  cache->Insert(2, Value("x"), 11);
  EXPECT_TRUE(cache->Lookup(1).has_value());
  EXPECT_FALSE(cache->Lookup(2).has_value());
  EXPECT_EQ(cache->Statistics().too_large, 1u);
}

TEST(LruCacheTest, WithoutCapacityNothingIsKept) {
  Cache cache(0, 10);
  cache.Insert(1, Value("x"), 1);
  EXPECT_FALSE(cache.Lookup(1).has_value());
}

TEST(LruCacheTest, AdmitDecides) {
  const auto cache = OneShard(100);
  cache->Insert(1, Value("x"), 1, [] { return false; });
  EXPECT_FALSE(cache->Lookup(1).has_value());
}

TEST(LruCacheTest, ASparedVictimIsTheMostRecentlyUsed) {
  LruCache<std::string, int> cache(3, 3);
  for (const auto& [key, value] : {std::pair("a", 1), {"b", 2}, {"c", 3}}) {
    cache.Insert(key, value, 1);
  }
  const auto spare_a = [](int value) { return value == 1; };
  cache.Insert(
      "d", 4, 1, [] { return true; }, spare_a);
  EXPECT_TRUE(cache.Lookup("a").has_value());
  EXPECT_FALSE(cache.Lookup("b").has_value());
}

TEST(LruCacheTest, WhoSparesAllStillMakesRoom) {
  LruCache<std::string, int> cache(100, 100);
  for (int i = 0; i < 100; ++i) cache.Insert(std::to_string(i), i, 1);
  cache.Insert(
      "new", 0, 1, [] { return true; }, [](int /*value*/) { return true; });
  EXPECT_EQ(cache.Statistics().bytes, 100u);
  EXPECT_TRUE(cache.Lookup("new").has_value());
}

TEST(LruCacheTest, EraseAndEraseIf) {
  Cache cache(1000, 10);
  for (int key = 0; key < 100; ++key) cache.Insert(key, Value("x"), 1);
  cache.Erase(0);
  cache.Erase(1000);
  EXPECT_FALSE(cache.Lookup(0).has_value());
  cache.EraseIf([](int key) { return key % 2 == 1; });
  EXPECT_FALSE(cache.Lookup(51).has_value());
  EXPECT_TRUE(cache.Lookup(50).has_value());
  EXPECT_EQ(cache.Statistics().entries, 49u);
  EXPECT_EQ(cache.Statistics().bytes, 49u);
}

TEST(LruCacheTest, ForEachShowsChargesAndHits) {
  const auto cache = OneShard(100);
  cache->Insert(1, Value("one"), 7);
  cache->Lookup(1);
  cache->Lookup(1);
  int visits = 0;
  cache->ForEach([&](int key, const auto& value, size_t charge, uint64_t hits) {
    ++visits;
    EXPECT_EQ(key, 1);
    EXPECT_EQ(*value, "one");
    EXPECT_EQ(charge, 7u);
    EXPECT_EQ(hits, 2u);
  });
  EXPECT_EQ(visits, 1);
}

TEST(LruCacheTest, StaysUnderItsBoundWhileEightThreadsReadFourTimesAsMuch) {
  constexpr size_t kCapacity = 1 << 20;
  constexpr int kKeys = 4096;  // of 1 KiB: four times the capacity
  Cache cache(kCapacity, 64 << 10);
  std::atomic<bool> over = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&cache, &over, t] {
      for (int i = 0; i < 4 * kKeys; ++i) {
        const int key = (i * 7 + t * 131) % kKeys;
        if (const auto value = cache.Lookup(key); value.has_value()) {
          if (**value != std::to_string(key)) over = true;
        } else {
          cache.Insert(key, Value(std::to_string(key)), 1024);
        }
        if (i % 64 == 0 && cache.Statistics().bytes > kCapacity) over = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(over);
  EXPECT_GT(cache.Statistics().evictions, 0u);
}

}  // namespace
}  // namespace coppice
