// The block cache of a peer under more data than it may hold, read through the mount.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/end_to_end/dynamics/await_until.h"
#include "deploy/end_to_end/dynamics/file_reading.h"
#include "deploy/end_to_end/dynamics/service_fixture.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr size_t kMebibyte = size_t{1} << 20;
constexpr size_t kCacheBytes = 32 * kMebibyte;
constexpr size_t kFiles = 16;
constexpr size_t kReaders = 8;

class CacheBoundTest : public ServiceTest {
 protected:
  CacheBoundTest() {
    for (size_t i = 0; i < kFiles; ++i) {
      bytes_.push_back(Pattern(static_cast<char>('a' + i), 4 * kCacheBytes / kFiles));
      WriteInPlace(Backing(absl::StrCat(i)), bytes_[i]);
    }
  }
  // Each reader reads every file, each in another order. How many reads went wrong.
  size_t ReadEverything(size_t node) {
    std::atomic<size_t> wrong = 0;
    std::vector<std::thread> readers;
    for (size_t reader = 0; reader < kReaders; ++reader) {
      readers.emplace_back([this, node, reader, &wrong] {
        for (size_t i = 0; i < kFiles; ++i) {
          const size_t file = (i * (2 * reader + 1)) % kFiles;
          if (!Reads(At(node, absl::StrCat(file)), bytes_[file])) ++wrong;
        }
      });
    }
    for (std::thread& reader : readers) reader.join();
    return wrong;
  }

  std::vector<std::string> bytes_;
};

// W7 of the predecessor: what was evicted was used on. Each byte is compared.
TEST_F(CacheBoundTest, W7_TheCacheStaysUnderItsBoundAndTheBytesAreRightWhileFourTimesAsMuchIsRead) {
  Start({.nodes = 2, .peer_flags = {absl::StrCat("--cache_bytes=", kCacheBytes)}});
  std::atomic<bool> done = false;
  std::vector<uint64_t> most(nodes(), 0);
  std::thread watcher([&] {
    AwaitUntil([&] {
      for (size_t i = 0; i < nodes(); ++i) {
        most[i] = std::max(most[i], Counter(i, "block_cache", "bytes"));
      }
      return done.load();
    });
  });
  EXPECT_EQ(ReadEverything(1), 0u);
  done = true;
  watcher.join();
  for (size_t i = 0; i < nodes(); ++i) {
    EXPECT_LE(most[i], kCacheBytes) << "at node " << i;
    EXPECT_GT(most[i], kCacheBytes / 4) << "it was hardly used at node " << i;
    EXPECT_LE(Counter(i, "block_cache", "bytes"), kCacheBytes);
    EXPECT_GT(Counter(i, "block_cache", "evictions"), 0u);
  }
}

// W7, and its other half: all caches are cleared again and again under the readers.
TEST_F(CacheBoundTest, W7_ReadersNeverSeeWhatAnInvalidateThrowsAway) {
  Start({.nodes = 2, .peer_flags = {absl::StrCat("--cache_bytes=", kCacheBytes)}});
  std::atomic<bool> done = false;
  std::atomic<int> invalidations = 0;
  std::thread invalidating([&] {
    while (!done) {
      Invalidate(invalidations % 2, "", /*recursive=*/true);
      ++invalidations;
    }
  });
  EXPECT_EQ(ReadEverything(1), 0u);
  done = true;
  invalidating.join();
  EXPECT_GT(invalidations, 1);
}

}  // namespace
}  // namespace coppice
