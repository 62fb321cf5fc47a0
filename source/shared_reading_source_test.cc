#include "source/shared_reading_source.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/fake_clock.h"
#include "common/mutex.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/forwarding_source.h"
#include "source/read_pattern.h"
#include "source/shared_block_arena.h"
#include "source/shared_block_reader.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

// A peer's side in miniature: reads blocks from a source into an arena, and shows them.
class ArenaLoader final : public BlockLoader {
 public:
  explicit ArenaLoader(Source& source) : source_(source) {}

  std::shared_ptr<SharedBlockReader> Attach() {
    std::shared_ptr<SharedBlockReader> reader =
        *OpenSharedBlocks(FileDescriptor(dup(arena_->descriptor())));
    EXPECT_TRUE(arena_->AddClient(FileDescriptor(dup(reader->client_descriptor()))).ok());
    return reader;
  }

  void LoadBlock(const BlockKey& key, const RequestContext& context, Done<bool> done) override {
    {
      MutexLock lock(mutex_);
      loads_.push_back(key);
    }
    source_.ReadBlock(key, context,
                      [this, key, done = std::move(done)](absl::StatusOr<BlockRef> block) mutable {
                        if (!block.ok()) return std::move(done)(block.status());
                        if (shows_) Show(key, **block);
                        std::move(done)(shows_ || lies_);
                      });
  }

  size_t LoadCount() {
    MutexLock lock(mutex_);
    return loads_.size();
  }
  void EvictAll() {
    MutexLock lock(mutex_);
    shown_.clear();
  }
  void StopShowing() { shows_ = false; }
  void LieAboutShowing() {
    shows_ = false;
    lies_ = true;
  }

 private:
  void Show(const BlockKey& key, const Block& block) {
    std::shared_ptr<char> memory = *arena_->Allocate(block.size());
    std::memcpy(memory.get(), block.bytes().data(), block.size());
    auto shown = arena_->Publish(
        key, std::make_shared<const Block>(std::move(memory), block.size(), block.crc32c()));
    MutexLock lock(mutex_);
    shown_.push_back(std::move(shown));
  }

  Source& source_;
  const std::unique_ptr<SharedBlockArena> arena_ = *MakeSharedBlockArena(size_t{64} << 20);
  bool shows_ = true;
  bool lies_ = false;
  Mutex mutex_;
  std::vector<BlockKey> loads_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<PublishedBlock>> shown_ ABSL_GUARDED_BY(mutex_);
};

// What the layer under test stands on, to its end.
struct Shared {
  explicit Shared(Source& base) : loader(base), layer(MakeSharedReadingSource(base, loader)) {
    layer->SetReader(loader.Attach());
  }
  ArenaLoader loader;
  std::unique_ptr<SharedReadingSource> layer;
};

// Keeps what the layer needs alive with it.
class OwningSource final : public ForwardingSource<> {
 public:
  explicit OwningSource(std::unique_ptr<Shared> shared)
      : ForwardingSource(*shared->layer), shared_(std::move(shared)) {}

 private:
  const std::unique_ptr<Shared> shared_;
};

INSTANTIATE_TEST_SUITE_P(SharedReading, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return std::make_unique<OwningSource>(std::make_unique<Shared>(base));
                         })));

class SharedReadingSourceTest : public testing::Test {
 protected:
  SharedReadingSourceTest() {
    base_.AddFile("f", "bytes");
    base_.AddGeneratedFile("large", 9 * kBlockBytes);
  }

  std::string Read(const std::string& path, uint64_t index = 0) {
    const auto block = AwaitBlock(*shared_.layer, base_.KeyOf(path, index));
    EXPECT_TRUE(block.ok()) << block.status();
    if (!block.ok()) return "";
    return std::string((*block)->bytes().data(), (*block)->size());
  }
  uint64_t Counter(const std::string& name) {
    return shared_.layer->Statistics().counters.at(name);
  }

  FakeClock clock_;
  MemorySource base_{clock_};
  Shared shared_{base_};
};

TEST_F(SharedReadingSourceTest, ABlockIsLoadedOnceAndThenCostsNoRequest) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Read("f"), "bytes");
  EXPECT_EQ(shared_.loader.LoadCount(), 1u);
  EXPECT_EQ(Counter("loaded"), 1u);
  EXPECT_EQ(Counter("found"), 9u);
  EXPECT_EQ(Counter("as_message"), 0u);
}

TEST_F(SharedReadingSourceTest, ManyWhoWaitForABlockLoadItOnce) {
  base_.Hold(Kind::kBlock);
  std::vector<Answer<BlockRef>> answers(5);
  for (auto& answer : answers) {
    shared_.layer->ReadBlock(base_.KeyOf("f", 0), {}, answer.MakeDone());
  }
  base_.Release(Kind::kBlock);
  for (auto& answer : answers) EXPECT_TRUE(answer.Await().ok());
  EXPECT_EQ(shared_.loader.LoadCount(), 1u);
}

TEST_F(SharedReadingSourceTest, WhatWasEvictedIsLoadedAgain) {
  EXPECT_EQ(Read("f"), "bytes");
  shared_.loader.EvictAll();
  EXPECT_EQ(Read("f"), "bytes");
  EXPECT_EQ(shared_.loader.LoadCount(), 2u);
}

TEST_F(SharedReadingSourceTest, WhatThePeerCannotShowComesAsAMessage) {
  shared_.loader.StopShowing();
  EXPECT_EQ(Read("f"), "bytes");
  EXPECT_EQ(Counter("as_message"), 1u);
}

TEST_F(SharedReadingSourceTest, WhatIsGoneAtOnceComesAsAMessage) {
  shared_.loader.LieAboutShowing();
  EXPECT_EQ(Read("f"), "bytes");
  EXPECT_EQ(Counter("as_message"), 1u);
}

TEST_F(SharedReadingSourceTest, WithoutAReaderAllComesAsMessages) {
  shared_.layer->SetReader(nullptr);
  EXPECT_EQ(Read("f"), "bytes");
  EXPECT_EQ(shared_.loader.LoadCount(), 0u);
}

TEST_F(SharedReadingSourceTest, WhoWantsOnlyWhatIsAtHandCausesNoRequest) {
  const RequestContext cached_only = {.cached_only = true, .speculative = true};
  const BlockKey key = base_.KeyOf("f", 0);
  EXPECT_TRUE(absl::IsNotFound(AwaitBlock(*shared_.layer, key, cached_only).status()));
  EXPECT_EQ(shared_.loader.LoadCount(), 0u);
  EXPECT_EQ(Read("f"), "bytes");
  EXPECT_TRUE(AwaitBlock(*shared_.layer, key, cached_only).ok());
  shared_.layer->SetReader(nullptr);
  EXPECT_TRUE(absl::IsNotFound(AwaitBlock(*shared_.layer, key, cached_only).status()));
  EXPECT_EQ(shared_.loader.LoadCount(), 1u);
}

TEST_F(SharedReadingSourceTest, AFailedLoadIsTheAnswer) {
  base_.FailNext(Kind::kBlock, ErrnoStatus(EACCES, "open"));
  EXPECT_EQ(StatusErrno(AwaitBlock(*shared_.layer, base_.KeyOf("f", 0)).status()), EACCES);
  EXPECT_EQ(base_.CallCount(Kind::kBlock), 1u);
  EXPECT_EQ(Read("f"), "bytes");
}

TEST_F(SharedReadingSourceTest, ThatAVersionIsGoneIsHeardByTheCachesBelow) {
  base_.FailNext(Kind::kBlock, ErrnoStatus(ESTALE, "read"), 2);
  EXPECT_EQ(StatusErrno(AwaitBlock(*shared_.layer, base_.KeyOf("f", 0)).status()), ESTALE);
  // By the loader, and by the layer's base.
  EXPECT_EQ(base_.CallCount(Kind::kBlock), 2u);
}

TEST_F(SharedReadingSourceTest, ThePeerIsToldOfTheFirstReadOfABlockOfALargeFile) {
  // Fetched ahead: shown before anybody here asked for it.
  Answer<bool> fetched;
  shared_.loader.LoadBlock(base_.KeyOf("large", 0), {}, fetched.MakeDone());
  ASSERT_TRUE(fetched.Await().ok());
  for (int i = 0; i < 5; ++i) Read("large", 0);
  EXPECT_EQ(Counter("found"), 5u);
  EXPECT_EQ(shared_.loader.LoadCount(), 2u);
}

TEST_F(SharedReadingSourceTest, ThePeerIsToldNothingWhereTheWholeWindowIsThere) {
  base_.AddGeneratedFile("larger", (kWindowBlocks + 3) * kBlockBytes);
  const auto fetch = [this](uint64_t index) {
    Answer<bool> fetched;
    shared_.loader.LoadBlock(base_.KeyOf("larger", index), {}, fetched.MakeDone());
    ASSERT_TRUE(fetched.Await().ok());
  };
  // All but the last but one.
  for (uint64_t i = 0; i < kWindowBlocks + 3; ++i) {
    if (i != kWindowBlocks + 1) fetch(i);
  }
  const size_t fetched = shared_.loader.LoadCount();
  Read("larger", 0);
  EXPECT_EQ(shared_.loader.LoadCount(), fetched) << "blocks 1 to kWindowBlocks are there";
  Read("larger", 1);
  EXPECT_EQ(shared_.loader.LoadCount(), fetched + 1);
  fetch(kWindowBlocks + 1);
  for (uint64_t i = 2; i < kWindowBlocks + 3; ++i) Read("larger", i);
  EXPECT_EQ(shared_.loader.LoadCount(), fetched + 2) << "the one that was missing";
}

TEST_F(SharedReadingSourceTest, ThePeerIsNotToldOfAFileThatIsFetchedWhole) {
  Answer<bool> fetched;
  shared_.loader.LoadBlock(base_.KeyOf("f", 0), {}, fetched.MakeDone());
  ASSERT_TRUE(fetched.Await().ok());
  Read("f");
  EXPECT_EQ(shared_.loader.LoadCount(), 1u);
}

TEST_F(SharedReadingSourceTest, ItsEndWaitsForWhatIsBeingTold) {
  Answer<bool> fetched;
  shared_.loader.LoadBlock(base_.KeyOf("large", 0), {}, fetched.MakeDone());
  ASSERT_TRUE(fetched.Await().ok());
  base_.Hold(Kind::kBlock);
  Read("large", 0);
  std::future<void> ended = std::async(std::launch::async, [this] { shared_.layer.reset(); });
  EXPECT_EQ(ended.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  base_.Release(Kind::kBlock);
  ended.get();
}

}  // namespace
}  // namespace coppice
