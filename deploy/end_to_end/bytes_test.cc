// The bytes of files through Coppice, around every size at which something changes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "deploy/end_to_end/file_bytes.h"
#include "deploy/end_to_end/mounted_tree_fixture.h"
#include "deploy/end_to_end/sample_tree.h"
#include "common/file_descriptor.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr size_t kBlock = size_t{1} << 20;
constexpr size_t kTenMiB = 10 * kBlock;
constexpr off_t kGiB = off_t{1} << 30;
constexpr off_t kSparseSize = 5 * kGiB + 123;

// Printed by the test, and taken back from the environment to repeat it.
uint64_t Seed() {
  const char* const given = getenv("COPPICE_SEED");
  const uint64_t seed = given != nullptr ? strtoull(given, nullptr, 10) : std::random_device()();
  std::cout << "COPPICE_SEED=" << seed << "\n";
  return seed;
}

class BytesTest : public MountedTreeTest {
 protected:
  static void SetUpTestSuite() { MountForSuite(Fill); }

  static std::vector<size_t> Sizes() {
    return {0,          1,          4095,           4096,        4097,    kBlock - 1, kBlock,
            kBlock + 1, 4 * kBlock, 4 * kBlock + 1, kTenMiB - 1, kTenMiB, kTenMiB + 1};
  }

  static void Fill(const MountedTree& tree) {
    for (const size_t size : Sizes()) {
      WriteRandomFile(tree.Original(absl::StrCat(size)), size, size);
    }
    const FileDescriptor sparse(
        open(tree.Original("sparse").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    for (const off_t island : Islands()) {
      const std::string text = absl::StrCat("data at ", island);
      if (pwrite(sparse.get(), text.data(), text.size(), island) < 0) std::abort();
    }
    if (ftruncate(sparse.get(), kSparseSize) != 0) std::abort();
  }

  // Where the sparse file has data: some lie across the edges of blocks and of 31 and 32 bits.
  static std::vector<off_t> Islands() {
    return {0,
            kBlock - 3,
            2 * kGiB - 5,
            2 * kGiB + 4096,
            4 * kGiB - 5,
            4 * kGiB + 77,
            kSparseSize - 40};
  }

  static void ExpectSameAt(const FileDescriptor& shown, const FileDescriptor& original,
                           off_t offset, size_t length) {
    // Compared as a whole: the difference of two blocks would fill the log.
    const auto got = ReadAt(shown, offset, length);
    EXPECT_TRUE(got.ok() && *got == *ReadAt(original, offset, length))
        << length << " bytes at " << offset;
  }
};

TEST_F(BytesTest, W2_EverySizeIsReadWholeInOneCall) {
  for (const size_t size : Sizes()) {
    const FileDescriptor shown = OpenToRead(Shown(absl::StrCat(size)));
    const FileDescriptor original = OpenToRead(Original(absl::StrCat(size)));
    const std::string bytes = *ReadAt(original, 0, size + 100);
    ASSERT_EQ(bytes.size(), size);
    EXPECT_TRUE(*ReadAt(shown, 0, size + 100) == bytes) << size;
  }
}

TEST_F(BytesTest, EverySizeIsReadWholeInSmallPieces) {
  for (const size_t piece : {size_t{777}, size_t{65'536}}) {
    for (const size_t size : Sizes()) {
      // A mount of its own would be cold; here the second round finds the kernel's pages.
      const FileDescriptor shown = OpenToRead(Shown(absl::StrCat(size)));
      const FileDescriptor original = OpenToRead(Original(absl::StrCat(size)));
      size_t total = 0;
      while (true) {
        const std::string bytes = *ReadAt(shown, static_cast<off_t>(total), piece);
        ASSERT_TRUE(bytes == *ReadAt(original, static_cast<off_t>(total), piece)) << total;
        total += bytes.size();
        if (bytes.empty()) break;
      }
      EXPECT_EQ(total, size);
    }
  }
}

TEST_F(BytesTest, ReadsBeyondTheEndAreEmptyAndThoseAcrossItShort) {
  for (const size_t size : Sizes()) {
    const FileDescriptor shown = OpenToRead(Shown(absl::StrCat(size)));
    const FileDescriptor original = OpenToRead(Original(absl::StrCat(size)));
    const auto end = static_cast<off_t>(size);
    for (const off_t offset : {end, end + 1, end + 4096, end + 2 * off_t{kBlock}, 5 * kGiB}) {
      EXPECT_EQ(*ReadAt(shown, offset, 10), "") << size << " at " << offset;
    }
    for (const off_t back : {1, 2, 4095, 4096, 4097}) {
      if (back > end) continue;
      ExpectSameAt(shown, original, end - back, 2 * kBlock);
    }
    EXPECT_EQ(lseek(shown.get(), 0, SEEK_END), end);
    EXPECT_EQ(StatusErrno(ReadAt(shown, -1, 1).status()), EINVAL);
  }
}

// On a mount that has read nothing yet, so that each jump is a request of its own.
TEST_F(BytesTest, ReadsAtRandomPlacesAreThoseOfTheOriginal) {
  constexpr int kReads = 400;
  std::mt19937_64 random(Seed());
  MountedTree fresh;
  Fill(fresh);
  ASSERT_TRUE(fresh.Mount({}).ok());
  for (const size_t size : Sizes()) {
    const FileDescriptor shown = OpenToRead(fresh.Shown(absl::StrCat(size)), 0);
    const FileDescriptor original = OpenToRead(fresh.Original(absl::StrCat(size)));
    // The kernel asks for what is read and no more.
    posix_fadvise(shown.get(), 0, 0, POSIX_FADV_RANDOM);
    for (int i = 0; i < kReads / static_cast<int>(Sizes().size()); ++i) {
      const auto offset = static_cast<off_t>(random() % (size + 5000));
      const size_t length = 1 + random() % (random() % 4 == 0 ? 3 * kBlock : 9000);
      ExpectSameAt(shown, original, offset, length);
    }
  }
}

TEST_F(BytesTest, AnUnbufferedReadIsRefusedOrRight) {
  constexpr size_t kAlignment = 4096;
  const std::unique_ptr<void, void (*)(void*)> memory(aligned_alloc(kAlignment, 2 * kBlock), free);
  for (const size_t size : Sizes()) {
    const FileDescriptor shown = OpenToRead(Shown(absl::StrCat(size)), O_DIRECT);
    if (!shown.valid()) {
      EXPECT_EQ(errno, EINVAL);
      continue;
    }
    const FileDescriptor original = OpenToRead(Original(absl::StrCat(size)));
    for (off_t offset = 0; offset <= static_cast<off_t>(size); offset += 3 * off_t{kBlock} / 2) {
      const ssize_t got = pread(shown.get(), memory.get(), 2 * kBlock, offset);
      if (got < 0) {
        EXPECT_EQ(errno, EINVAL) << size;
        continue;
      }
      const std::string expected = *ReadAt(original, offset, 2 * kBlock);
      ASSERT_EQ(static_cast<size_t>(got), expected.size()) << size << " at " << offset;
      EXPECT_EQ(memcmp(memory.get(), expected.data(), expected.size()), 0) << size;
    }
  }
}

TEST_F(BytesTest, W2_AFileOfFiveGibibytesHasItsBytesBeyondThirtyTwoBits) {
  struct stat stat = {};
  ASSERT_EQ(::stat(Shown("sparse").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_size, kSparseSize);
  const FileDescriptor shown = OpenToRead(Shown("sparse"));
  const FileDescriptor original = OpenToRead(Original("sparse"));
  for (const off_t island : Islands()) {
    const std::string text = absl::StrCat("data at ", island);
    EXPECT_EQ(*ReadAt(shown, island, text.size()), text);
    ExpectSameAt(shown, original, std::max<off_t>(0, island - 5000), 10'000);
  }
  // Holes.
  for (const off_t offset : {kGiB, 3 * kGiB + 1, 5 * kGiB - 8192}) {
    EXPECT_TRUE(*ReadAt(shown, offset, 8192) == std::string(8192, '\0')) << offset;
  }
  EXPECT_EQ(*ReadAt(shown, kSparseSize - 1, 10), std::string(1, '\0'));
  EXPECT_EQ(*ReadAt(shown, kSparseSize, 10), "");
}

}  // namespace
}  // namespace coppice
