// Both sides of the shared memory: arena and reader. They meet here in one process, over two
// mappings of the same memory, as they do in two.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "common/crc32c.h"
#include "gtest/gtest.h"
#include "source/shared_block_arena.h"
#include "source/shared_block_reader.h"

namespace coppice {
namespace {

constexpr size_t kCacheBytes = 4 << 20;

BlockKey Key(const std::string& path, uint64_t size, uint64_t index = 0, uint64_t id = 7) {
  return {.path = *Path::Parse(path), .version = {.id = id, .size = size}, .index = index};
}

class SharedBlocksTest : public testing::Test {
 protected:
  SharedBlocksTest() : arena_(*MakeSharedBlockArena(kCacheBytes)), reader_(Attach()) {}

  std::unique_ptr<SharedBlockReader> Attach() {
    auto reader = OpenSharedBlocks(FileDescriptor(dup(arena_->descriptor())));
    EXPECT_TRUE(reader.ok()) << reader.status();
    const auto client = arena_->AddClient(FileDescriptor(dup((*reader)->client_descriptor())));
    EXPECT_TRUE(client.ok()) << client.status();
    client_ = *client;
    return *std::move(reader);
  }

  BlockRef MakeBlock(size_t size, char fill) {
    std::shared_ptr<char> memory = *arena_->Allocate(size);
    std::memset(memory.get(), fill, size);
    const uint32_t crc32c = Crc32c({memory.get(), size});
    return std::make_shared<const Block>(std::move(memory), size, crc32c);
  }

  uint64_t Counter(const Measurable& layer, const std::string& name) {
    for (const auto& [counter, value] : layer.Statistics().counters) {
      if (counter == name) return value;
    }
    ADD_FAILURE() << "no counter " << name;
    return 0;
  }

  const std::unique_ptr<SharedBlockArena> arena_;
  SharedBlockArena::ClientId client_ = 0;
  const std::unique_ptr<SharedBlockReader> reader_;
};

TEST_F(SharedBlocksTest, AReaderFindsWhatIsOnShow) {
  const BlockRef block = MakeBlock(1000, 'a');
  const auto shown = arena_->Publish(Key("f", 1000), block);
  const FoundBlock found = reader_->Find(Key("f", 1000));
  ASSERT_NE(found.block, nullptr);
  EXPECT_EQ(found.block->size(), 1000);
  EXPECT_EQ(found.block->crc32c(), block->crc32c());
  EXPECT_EQ(Crc32c(found.block->bytes()), block->crc32c());
  EXPECT_NE(found.block->bytes().data(), block->bytes().data()) << "not another mapping";
}

TEST_F(SharedBlocksTest, AReaderFindsNothingElse) {
  const auto shown = arena_->Publish(Key("f", 1000), MakeBlock(1000, 'a'));
  EXPECT_EQ(reader_->Find(Key("g", 1000)).block, nullptr);
  EXPECT_EQ(reader_->Find(Key("f", 1000, 0, 8)).block, nullptr);
  EXPECT_EQ(reader_->Find(Key("f", 1001)).block, nullptr);
  EXPECT_EQ(reader_->Find(Key("f", 1000, 1)).block, nullptr);
}

TEST_F(SharedBlocksTest, WhatIsNoLongerOnShowIsNotFound) {
  auto shown = arena_->Publish(Key("f", 10), MakeBlock(10, 'a'));
  shown.reset();
  EXPECT_EQ(reader_->Find(Key("f", 10)).block, nullptr);
  shown = arena_->Publish(Key("f", 10), MakeBlock(10, 'b'));
  EXPECT_EQ(reader_->Find(Key("f", 10)).block->bytes()[0], 'b');
}

TEST_F(SharedBlocksTest, MemoryThatAClientReadsIsNotUsedAgain) {
  auto shown = arena_->Publish(Key("f", kBlockBytes), MakeBlock(kBlockBytes, 'a'));
  BlockRef held = reader_->Find(Key("f", kBlockBytes)).block;
  ASSERT_NE(held, nullptr);
  shown.reset();
  EXPECT_EQ(Counter(*arena_, "pinned"), 1);
  // All that there is, written over.
  std::vector<BlockRef> all;
  while (Counter(*arena_, "heap_blocks") == 0) all.push_back(MakeBlock(kBlockBytes, 'x'));
  EXPECT_EQ(Crc32c(held->bytes()), held->crc32c());
  EXPECT_EQ(held->bytes()[0], 'a');

  const size_t blocks = all.size();
  all.clear();
  held.reset();
  for (size_t i = 0; i < blocks; ++i) all.push_back(MakeBlock(kBlockBytes, 'y'));
  EXPECT_EQ(Counter(*arena_, "pinned"), 0);
  EXPECT_EQ(Counter(*arena_, "heap_blocks"), 1) << "the extent did not come back";
}

TEST_F(SharedBlocksTest, WhatADeadClientReadIsFreed) {
  auto shown = arena_->Publish(Key("f", 10), MakeBlock(10, 'a'));
  const BlockRef held = reader_->Find(Key("f", 10)).block;
  shown.reset();
  ASSERT_EQ(Counter(*arena_, "pinned"), 1);
  arena_->RemoveClient(client_);
  MakeBlock(1, 'b');
  EXPECT_EQ(Counter(*arena_, "pinned"), 0);
}

TEST_F(SharedBlocksTest, ABlockOutlivesReaderAndArena) {
  auto arena = *MakeSharedBlockArena(kCacheBytes);
  auto reader = *OpenSharedBlocks(FileDescriptor(dup(arena->descriptor())));
  std::shared_ptr<char> memory = *arena->Allocate(3);
  std::memcpy(memory.get(), "abc", 3);
  auto shown = arena->Publish(Key("f", 3), std::make_shared<const Block>(std::move(memory), 3, 1));
  const BlockRef held = reader->Find(Key("f", 3)).block;
  ASSERT_NE(held, nullptr);
  arena.reset();
  reader.reset();
  EXPECT_EQ(held->bytes()[2], 'c');
}

TEST_F(SharedBlocksTest, WithoutAPinNothingIsFound) {
  const auto shown = arena_->Publish(Key("f", 10), MakeBlock(10, 'a'));
  std::vector<BlockRef> held;
  for (int i = 0; i < 64; ++i) held.push_back(reader_->Find(Key("f", 10)).block);
  EXPECT_NE(held.back(), nullptr);
  EXPECT_EQ(reader_->Find(Key("f", 10)).block, nullptr);
  EXPECT_EQ(Counter(*reader_, "without_pin"), 1);
  held.pop_back();
  EXPECT_NE(reader_->Find(Key("f", 10)).block, nullptr);
}

TEST_F(SharedBlocksTest, ThePeerLearnsWhatWasRead) {
  const auto shown = arena_->Publish(Key("f", 10), MakeBlock(10, 'a'));
  const auto other = arena_->Publish(Key("g", 10), MakeBlock(10, 'a'));
  EXPECT_FALSE(shown->TakeReadMark());
  EXPECT_TRUE(reader_->Find(Key("f", 10)).first_read);
  EXPECT_FALSE(reader_->Find(Key("f", 10)).first_read);
  EXPECT_FALSE(other->TakeReadMark());
  EXPECT_TRUE(shown->TakeReadMark());
  EXPECT_FALSE(shown->TakeReadMark());
  EXPECT_TRUE(reader_->Find(Key("f", 10)).first_read);
}

TEST_F(SharedBlocksTest, WhatDoesNotFitComesFromTheHeapAndIsNotShown) {
  std::vector<BlockRef> all;
  while (Counter(*arena_, "heap_blocks") == 0) all.push_back(MakeBlock(kBlockBytes, 'x'));
  EXPECT_FALSE(arena_->Holds(*all.back()));
  EXPECT_TRUE(arena_->Holds(*all.front()));
  EXPECT_EQ(arena_->Publish(Key("f", kBlockBytes), all.back()), nullptr);
  EXPECT_EQ(Counter(*arena_, "not_published"), 1);
}

TEST_F(SharedBlocksTest, AKeyWithoutAFreePlaceIsNotShown) {
  // One key as often as it has places.
  std::vector<std::unique_ptr<PublishedBlock>> shown;
  const BlockRef block = MakeBlock(10, 'a');
  for (int i = 0; i < 16; ++i) shown.push_back(arena_->Publish(Key("f", 10), block));
  EXPECT_NE(shown.back(), nullptr);
  EXPECT_EQ(arena_->Publish(Key("f", 10), block), nullptr);
}

TEST_F(SharedBlocksTest, MemoryOfAnotherKindIsRefused) {
  const int wrong = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  ASSERT_EQ(ftruncate(wrong, 1 << 20), 0);
  ASSERT_EQ(fcntl(wrong, F_ADD_SEALS, F_SEAL_SHRINK), 0);
  EXPECT_EQ(OpenSharedBlocks(FileDescriptor(dup(wrong))).status().code(),
            absl::StatusCode::kInvalidArgument);
  const int tiny = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  ASSERT_EQ(ftruncate(tiny, 100), 0);
  ASSERT_EQ(fcntl(tiny, F_ADD_SEALS, F_SEAL_SHRINK), 0);
  EXPECT_EQ(arena_->AddClient(FileDescriptor(tiny)).status().code(),
            absl::StatusCode::kInvalidArgument);
  close(wrong);
}

TEST_F(SharedBlocksTest, ThereIsALimitOfClients) {
  std::vector<std::unique_ptr<SharedBlockReader>> readers;
  absl::Status refused;
  for (size_t i = 0; i < kSharedBlockClientsMax; ++i) {
    readers.push_back(*OpenSharedBlocks(FileDescriptor(dup(arena_->descriptor()))));
    refused = arena_->AddClient(FileDescriptor(dup(readers.back()->client_descriptor()))).status();
  }
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
}

// The hazard pointers at work: blocks are shown, hidden and their memory written over, while
// readers read. Each block is of one byte throughout, and that byte is part of its key.
TEST_F(SharedBlocksTest, NoReaderEverSeesMemoryUsedAgain) {
  constexpr int kFiles = 8;
  constexpr size_t kSize = 200'000;
  constexpr int kFoundMin = 20'000;
  std::atomic<bool> stop = false;
  std::atomic<int> found = 0;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int thread = 0; thread < 3; ++thread) {
    readers.emplace_back([&, thread] {
      for (uint64_t i = thread; !stop; ++i) {
        const uint64_t id = 1 + i % 5;
        const BlockRef block =
            reader_->Find(Key("f" + std::to_string(i % kFiles), kSize, 0, id)).block;
        if (block == nullptr) continue;
        ++found;
        for (size_t at = 0; at < kSize; at += 4096) {
          if (block->bytes()[at] != static_cast<char>('0' + id)) ++wrong;
        }
      }
    });
  }
  std::vector<std::unique_ptr<PublishedBlock>> shown(kFiles);
  for (uint64_t i = 0; found < kFoundMin; ++i) {
    const uint64_t id = 1 + (i / kFiles) % 5;
    shown[i % kFiles].reset();
    shown[i % kFiles] = arena_->Publish(Key("f" + std::to_string(i % kFiles), kSize, 0, id),
                                        MakeBlock(kSize, static_cast<char>('0' + id)));
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace coppice
