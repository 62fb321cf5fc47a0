#include "source/testing/source_conformance.h"

#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/crc32c.h"
#include "common/status.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"

namespace coppice {
namespace {

using Kind = FixtureEntry::Kind;

// A layer and what it stands on; the layer goes first.
struct LayerOverMemory {
  RealClock clock;
  MemorySource memory{clock};
  std::unique_ptr<Source> layer;
};

Path MakePath(const std::string& text) { return Path::Parse(text).value(); }

uint32_t TypeOf(Kind kind) {
  switch (kind) {
    case Kind::kDirectory:
      return S_IFDIR;
    case Kind::kFile:
      return S_IFREG;
    case Kind::kSymlink:
      return S_IFLNK;
  }
  return 0;
}

// Reading a file may change its access time meanwhile.
Attributes WithoutAccessTime(Attributes attributes) {
  attributes.atime = absl::Time();
  return attributes;
}

// The names that the tree has in a directory.
std::set<std::string> NamesIn(const std::vector<FixtureEntry>& tree, const Path& directory) {
  std::set<std::string> names;
  for (const FixtureEntry& entry : tree) {
    const Path path = MakePath(entry.path);
    if (path.Parent() == directory) names.insert(std::string(path.Name()));
  }
  return names;
}

}  // namespace

ConformanceFactory ConformanceOverMemory(
    std::function<std::unique_ptr<Source>(Source& base)> make_layer) {
  return [make_layer = std::move(make_layer)](const std::vector<FixtureEntry>& tree) {
    auto both = std::make_shared<LayerOverMemory>();
    AddToMemory(tree, both->memory);
    both->layer = make_layer(both->memory);
    return std::shared_ptr<Source>(both, both->layer.get());
  };
}

void SourceConformanceTest::SetUp() {
  tree_ = FixtureTree();
  source_ = GetParam()(tree_);
  ASSERT_NE(source_, nullptr);
}

BlockKey SourceConformanceTest::KeyOf(const std::string& path, uint64_t index) {
  BlockKey key{.path = MakePath(path), .index = index};
  const absl::StatusOr<PathState> state = AwaitAttributes(source(), key.path);
  EXPECT_TRUE(state.ok()) << state.status();
  EXPECT_TRUE(state.ok() && state->attributes.has_value()) << path;
  if (state.ok() && state->attributes.has_value()) key.version = state->attributes->version;
  return key;
}

void SourceConformanceTest::CollectPages(const Path& path, uint32_t bits,
                                         std::vector<Dentry>& entries) {
  for (uint64_t index = 0; index < uint64_t{1} << bits; ++index) {
    const DirectoryPage page{.bits = bits, .index = index};
    const absl::StatusOr<ListingRef> listing = AwaitListing(source(), path, page);
    ASSERT_TRUE(listing.ok()) << listing.status();
    ASSERT_EQ((*listing)->bits_needed, 0u);
    EXPECT_EQ((*listing)->page, page);
    for (const Dentry& entry : (*listing)->entries) {
      EXPECT_EQ(PageOf(CookieOf(entry.name), bits), page) << entry.name;
      entries.push_back(entry);
    }
  }
}

absl::StatusOr<uint64_t> SourceConformanceTest::Find(const BlockKey& key, uint64_t offset,
                                                     ExtentKind kind) {
  return AwaitExtent(source(), key.path, key.version, offset, kind);
}

TEST_P(SourceConformanceTest, AttributesTellTypeSizeAndLinkTarget) {
  for (const FixtureEntry& entry : tree()) {
    const absl::StatusOr<PathState> state = AwaitAttributes(source(), MakePath(entry.path));
    ASSERT_TRUE(state.ok()) << state.status();
    ASSERT_TRUE(state->attributes.has_value()) << entry.path;
    const Attributes& attributes = *state->attributes;
    EXPECT_EQ(attributes.mode & S_IFMT, TypeOf(entry.kind)) << entry.path;
    EXPECT_NE(attributes.inode, 0u);
    EXPECT_GE(attributes.nlink, 1u);
    EXPECT_NE(attributes.version.id, 0u);
    EXPECT_EQ(attributes.version.size, attributes.size);
    if (entry.kind != Kind::kDirectory) {
      EXPECT_EQ(attributes.size, entry.content.size());
    }
    EXPECT_EQ(attributes.link_target, entry.kind == Kind::kSymlink ? entry.content : "");
    EXPECT_GT(state->confirmed_at, absl::UnixEpoch());
  }
}

TEST_P(SourceConformanceTest, TheRootIsADirectory) {
  const absl::StatusOr<PathState> state = AwaitAttributes(source(), Path());
  ASSERT_TRUE(state.ok()) << state.status();
  ASSERT_TRUE(state->attributes.has_value());
  EXPECT_TRUE(S_ISDIR(state->attributes->mode));
  const absl::StatusOr<ListingRef> listing = AwaitListing(source(), Path());
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_EQ((*listing)->entries.size(), NamesIn(tree(), Path()).size());
}

TEST_P(SourceConformanceTest, AMissingPathIsAnAnswerNotAnError) {
  for (const char* path : {"missing", "nested/missing", "missing/below/missing"}) {
    const absl::StatusOr<PathState> state = AwaitAttributes(source(), MakePath(path));
    ASSERT_TRUE(state.ok()) << path << ": " << state.status();
    EXPECT_FALSE(state->attributes.has_value()) << path;
    EXPECT_GT(state->confirmed_at, absl::UnixEpoch());
  }
}

TEST_P(SourceConformanceTest, AMissingNameIsMissingAfterItsDirectoryWasListedToo) {
  ASSERT_TRUE(AwaitListing(source(), MakePath("nested")).ok());
  const absl::StatusOr<PathState> state = AwaitAttributes(source(), MakePath("nested/missing"));
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_FALSE(state->attributes.has_value());
}

TEST_P(SourceConformanceTest, WhatIsAtHandIsWhatTheCallsAnswer) {
  for (const char* directory : {"", "nested", "links", "names"}) {
    const Path path = MakePath(directory);
    ASSERT_TRUE(AwaitListing(source(), path).ok());
    std::set<std::string> names = NamesIn(tree(), path);
    names.insert("missing");
    for (const std::string& name : names) {
      const auto known = source().FindAttributes(path, name, absl::InfiniteDuration());
      const auto state = AwaitAttributes(source(), path.Child(name).value());
      ASSERT_TRUE(state.ok()) << state.status();
      EXPECT_EQ(known.value_or(*state).attributes, state->attributes) << name;
    }
  }
}

TEST_P(SourceConformanceTest, BelowAFileIsENOTDIR) {
  const Path below = MakePath("one_byte/below");
  EXPECT_EQ(StatusErrno(AwaitAttributes(source(), below).status()), ENOTDIR);
  EXPECT_EQ(StatusErrno(AwaitListing(source(), below).status()), ENOTDIR);
}

TEST_P(SourceConformanceTest, SymbolicLinksAreNeverFollowed) {
  EXPECT_EQ(StatusErrno(AwaitAttributes(source(), MakePath("links/to_directory/file")).status()),
            ENOTDIR);
  EXPECT_EQ(StatusErrno(AwaitListing(source(), MakePath("links/to_directory")).status()), ENOTDIR);
}

TEST_P(SourceConformanceTest, ListingAMissingDirectoryIsENOENT) {
  EXPECT_EQ(StatusErrno(AwaitListing(source(), MakePath("missing")).status()), ENOENT);
}

TEST_P(SourceConformanceTest, ListingAFileIsENOTDIR) {
  EXPECT_EQ(StatusErrno(AwaitListing(source(), MakePath("one_byte")).status()), ENOTDIR);
}

TEST_P(SourceConformanceTest, ACompleteListingHasExactlyTheNamesInOrder) {
  for (const char* directory :
       {"empty_directory", "nested", "nested/directory", "links", "names", "many"}) {
    const Path path = MakePath(directory);
    const absl::StatusOr<ListingRef> listing = AwaitListing(source(), path);
    ASSERT_TRUE(listing.ok()) << listing.status();
    EXPECT_TRUE((*listing)->IsComplete());
    EXPECT_TRUE(S_ISDIR((*listing)->directory.mode));
    EXPECT_NE((*listing)->directory.version.id, 0u);
    EXPECT_GT((*listing)->confirmed_at, absl::UnixEpoch());
    std::set<std::string> names;
    uint64_t last_cookie = 0;
    for (const Dentry& entry : (*listing)->entries) {
      EXPECT_TRUE(names.insert(entry.name).second) << entry.name << " twice";
      EXPECT_GE(CookieOf(entry.name), last_cookie);
      last_cookie = CookieOf(entry.name);
    }
    EXPECT_EQ(names, NamesIn(tree(), path)) << directory;
  }
}

TEST_P(SourceConformanceTest, AListingHasTheAttributesThatGetAttributesHas) {
  for (const char* directory : {"", "nested", "links", "names"}) {
    const Path path = MakePath(directory);
    const absl::StatusOr<ListingRef> listing = AwaitListing(source(), path);
    ASSERT_TRUE(listing.ok()) << listing.status();
    for (const Dentry& entry : (*listing)->entries) {
      const absl::StatusOr<PathState> state =
          AwaitAttributes(source(), path.Child(entry.name).value());
      ASSERT_TRUE(state.ok()) << state.status();
      ASSERT_TRUE(state->attributes.has_value()) << entry.name;
      ASSERT_TRUE(entry.attributes.has_value()) << entry.name;
      EXPECT_EQ(WithoutAccessTime(*entry.attributes), WithoutAccessTime(*state->attributes))
          << entry.name;
      EXPECT_EQ(entry.type, entry.attributes->mode & S_IFMT);
      EXPECT_EQ(entry.inode, entry.attributes->inode);
    }
  }
}

TEST_P(SourceConformanceTest, PagesAreDisjointAndTogetherHoldEveryName) {
  const Path path = MakePath("many");
  for (const uint32_t bits : {1u, 3u, 5u}) {
    std::vector<Dentry> entries;
    ASSERT_NO_FATAL_FAILURE(CollectPages(path, bits, entries));
    std::set<std::string> names;
    for (const Dentry& entry : entries) EXPECT_TRUE(names.insert(entry.name).second);
    EXPECT_EQ(names, NamesIn(tree(), path));
  }
}

TEST_P(SourceConformanceTest, APageThatCannotBeIsEINVAL) {
  const Path path = MakePath("many");
  for (const DirectoryPage page :
       {DirectoryPage{.bits = 0, .index = 1}, DirectoryPage{.bits = 3, .index = 8},
        DirectoryPage{.bits = kPageBitsMax + 1, .index = 0},
        DirectoryPage{.bits = 64, .index = 0}}) {
    EXPECT_EQ(StatusErrno(AwaitListing(source(), path, page).status()), EINVAL) << page.bits;
  }
}

TEST_P(SourceConformanceTest, BlocksHaveTheFilesBytesAndTheirChecksum) {
  for (const FixtureEntry& entry : tree()) {
    if (entry.kind != Kind::kFile || entry.path.rfind("many/", 0) == 0) continue;
    std::string content;
    for (uint64_t index = 0; index < BlockCount(entry.content.size()); ++index) {
      const BlockKey key = KeyOf(entry.path, index);
      const absl::StatusOr<BlockRef> block = AwaitBlock(source(), key);
      ASSERT_TRUE(block.ok()) << block.status();
      EXPECT_EQ((*block)->size(), key.LengthBytes());
      EXPECT_EQ((*block)->crc32c(), Crc32c((*block)->bytes()));
      content.append((*block)->bytes().data(), (*block)->size());
    }
    // Not EXPECT_EQ: it would print megabytes.
    EXPECT_TRUE(content == entry.content) << entry.path;
  }
}

TEST_P(SourceConformanceTest, ABlockBeyondTheEndIsEINVAL) {
  const std::pair<const char*, uint64_t> beyond[] = {{"empty_file", 0},
                                                     {"one_byte", 1},
                                                     {"block", 1},
                                                     {"block_and_one", 2},
                                                     {"one_byte", uint64_t{1} << 63}};
  for (const auto& [path, index] : beyond) {
    EXPECT_EQ(StatusErrno(AwaitBlock(source(), KeyOf(path, index)).status()), EINVAL) << path;
  }
}

TEST_P(SourceConformanceTest, OnlyRegularFilesHaveBlocks) {
  for (const char* path : {"nested", "links/relative", "links/to_directory", "links/dangling"}) {
    BlockKey key = KeyOf(path, 0);
    // A directory may have size 0, and then has no block anyhow.
    key.version.size = std::max<uint64_t>(key.version.size, 1);
    const int error_number = StatusErrno(AwaitBlock(source(), key).status());
    EXPECT_TRUE(error_number == EINVAL || error_number == EISDIR) << path << ": " << error_number;
  }
}

TEST_P(SourceConformanceTest, ABlockOfAMissingFileIsENOENT) {
  const BlockKey key{.path = MakePath("nested/missing"), .version = {.id = 1, .size = 1}};
  EXPECT_EQ(StatusErrno(AwaitBlock(source(), key).status()), ENOENT);
}

TEST_P(SourceConformanceTest, AnotherVersionIsESTALEAndNeverBytes) {
  BlockKey other_id = KeyOf("block_and_one", 0);
  other_id.version.id ^= 1;
  EXPECT_EQ(StatusErrno(AwaitBlock(source(), other_id).status()), ESTALE);
  BlockKey other_size = KeyOf("block_and_one", 0);
  other_size.version.size -= 1;
  EXPECT_EQ(StatusErrno(AwaitBlock(source(), other_size).status()), ESTALE);
  // After the right version was read, too.
  EXPECT_TRUE(AwaitBlock(source(), KeyOf("block_and_one", 0)).ok());
  EXPECT_EQ(StatusErrno(AwaitBlock(source(), other_id).status()), ESTALE);
}

TEST_P(SourceConformanceTest, AFileWithoutHolesIsDataAndThenAHoleAtItsEnd) {
  for (const char* name : {"empty_file", "one_byte", "block_and_one"}) {
    const BlockKey key = KeyOf(name, 0);
    const uint64_t size = key.version.size;
    for (const uint64_t offset : {uint64_t{0}, size / 2, size - std::min<uint64_t>(size, 1)}) {
      if (offset >= size) continue;
      EXPECT_EQ(*Find(key, offset, ExtentKind::kData), offset) << name;
      EXPECT_EQ(*Find(key, offset, ExtentKind::kHole), size) << name;
    }
    for (const uint64_t beyond : {size, size + 1, uint64_t{1} << 62, ~uint64_t{0}}) {
      for (const ExtentKind kind : {ExtentKind::kData, ExtentKind::kHole}) {
        EXPECT_EQ(StatusErrno(Find(key, beyond, kind).status()), ENXIO) << name << " " << beyond;
      }
    }
  }
}

TEST_P(SourceConformanceTest, OnlyRegularFilesInTheirVersionHaveExtents) {
  for (const ExtentKind kind : {ExtentKind::kData, ExtentKind::kHole}) {
    BlockKey other_id = KeyOf("block_and_one", 0);
    other_id.version.id ^= 1;
    EXPECT_EQ(StatusErrno(Find(other_id, 0, kind).status()), ESTALE);
    for (const char* path : {"nested", "links/relative"}) {
      BlockKey key = KeyOf(path, 0);
      key.version.size = std::max<uint64_t>(key.version.size, 1);
      EXPECT_EQ(StatusErrno(Find(key, 0, kind).status()), EINVAL) << path;
    }
    const BlockKey missing{.path = MakePath("nested/missing"), .version = {.id = 1, .size = 1}};
    EXPECT_EQ(StatusErrno(Find(missing, 0, kind).status()), ENOENT);
  }
}

TEST_P(SourceConformanceTest, FileSystemStatisticsHaveFigures) {
  const absl::StatusOr<FileSystemStatistics> statistics =
      AwaitFileSystemStatistics(source(), MakePath("nested/file"));
  ASSERT_TRUE(statistics.ok()) << statistics.status();
  EXPECT_GT(statistics->block_size, 0u);
  EXPECT_GT(statistics->fragment_size, 0u);
  EXPECT_GT(statistics->blocks, 0u);
  EXPECT_GE(statistics->blocks, statistics->blocks_available);
  EXPECT_GE(statistics->name_bytes_max, 255u);
  EXPECT_EQ(StatusErrno(AwaitFileSystemStatistics(source(), MakePath("missing")).status()), ENOENT);
}

TEST_P(SourceConformanceTest, EachDoneRunsExactlyOnceUnderConcurrentRequests) {
  constexpr int kThreads = 4;
  const BlockKey file_key = KeyOf("ten_blocks_and_one", 0);
  std::vector<Answer<PathState>> states(kThreads * 100);
  std::vector<Answer<ListingRef>> listings(kThreads * 10);
  std::vector<Answer<BlockRef>> blocks(kThreads * 11);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 100; ++i) {
        // Half of these names exist; all threads ask for the same.
        source().GetAttributes(MakePath(absl::StrCat("many/entry", 250 + i)), {},
                               states[thread * 100 + i].MakeDone());
      }
      for (int i = 0; i < 10; ++i) {
        source().ReadDirectory(MakePath(i % 2 == 0 ? "many" : "missing"), {}, {},
                               listings[thread * 10 + i].MakeDone());
      }
      for (int i = 0; i < 11; ++i) {
        BlockKey key = file_key;
        key.index = static_cast<uint64_t>(i);
        source().ReadBlock(key, {}, blocks[thread * 11 + i].MakeDone());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  for (size_t i = 0; i < states.size(); ++i) {
    const absl::StatusOr<PathState> state = states[i].Await();
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(state->attributes.has_value(), i % 100 < 50);
  }
  for (size_t i = 0; i < listings.size(); ++i) {
    EXPECT_EQ(StatusErrno(listings[i].Await().status()), i % 2 == 0 ? 0 : ENOENT);
  }
  for (const auto& block : blocks) EXPECT_TRUE(block.Await().ok());

  // Every Done ran: the source may go. Nothing runs a Done afterwards or a second time.
  source_.reset();
  for (const auto& answer : states) EXPECT_EQ(answer.Runs(), 1);
  for (const auto& answer : listings) EXPECT_EQ(answer.Runs(), 1);
  for (const auto& answer : blocks) EXPECT_EQ(answer.Runs(), 1);
}

TEST_P(SourceConformanceTest, ABlockOutlivesItsSource) {
  const absl::StatusOr<BlockRef> block = AwaitBlock(source(), KeyOf("block_and_one", 0));
  ASSERT_TRUE(block.ok()) << block.status();
  source_.reset();
  EXPECT_EQ((*block)->crc32c(), Crc32c((*block)->bytes()));
}

}  // namespace coppice
