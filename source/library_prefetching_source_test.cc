#include "source/library_prefetching_source.h"

#include <cerrno>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/library_search.h"
#include "source/metadata_caching_source.h"
#include "source/testing/await.h"
#include "source/testing/elf_image.h"
#include "source/testing/memory_source.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

INSTANTIATE_TEST_SUITE_P(LibraryPrefetching, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakeLibraryPrefetchingSource(base);
                         })));

class LibraryPrefetchingSourceTest : public testing::Test {
 protected:
  void Add(const std::string& path, const ElfImage& image) { base_.AddFile(path, image.Bytes()); }
  void Read(const std::string& path, const RequestContext& context = {}) {
    ASSERT_TRUE(AwaitBlock(*source_, base_.KeyOf(path, 0), context).ok());
  }
  size_t Asked(const std::string& path, uint64_t index = 0) {
    return base_.BlockCallCount(path, index);
  }
  uint64_t Counter(const std::string& name) { return source_->Statistics().counters.at(name); }
  // With listings only where somebody read them before.
  void UseCachedListingsOnly() {
    cache_ = MakeMetadataCachingSource(base_, {}, clock_);
    source_ = MakeLibraryPrefetchingSource(*cache_);
  }

  FakeClock clock_;
  MemorySource base_{clock_};
  std::unique_ptr<Source> cache_;
  std::unique_ptr<LibraryPrefetchingSource> source_ = MakeLibraryPrefetchingSource(base_);
};

TEST_F(LibraryPrefetchingSourceTest, AnObjectBringsAllThatItNeedsAndWhatTheseNeed) {
  Add("lib/app", {.needed = {"liba.so.1"}});
  base_.AddSymlink("lib/liba.so.1", "liba.so.1.2");
  Add("lib/liba.so.1.2", {.needed = {"libb.so"}, .soname = "liba.so.1"});
  Add("lib/libb.so", {.needed = {"liba.so.1"}, .soname = "libb.so"});
  Read("lib/app");
  EXPECT_GE(Asked("lib/liba.so.1.2"), 1u);
  EXPECT_GE(Asked("lib/libb.so"), 1u);
  EXPECT_EQ(Counter("examined"), 3u);
  EXPECT_EQ(Counter("needed"), 2u);  // each name once
  EXPECT_EQ(Counter("found"), 2u);
  base_.ForgetCalls();
  Read("lib/app");
  EXPECT_EQ(base_.Calls().size(), 1u);
}

TEST_F(LibraryPrefetchingSourceTest, TheBlocksOfTheTablesAndOfTheDataAreFetched) {
  // Strings in the fourth block, data in the seventh and eighth, and a text between them that
  // nobody fetches.
  Add("lib/x", {.strings_at = 3 * kBlockBytes + 5,
                .dynamic_at = 6 * kBlockBytes + 100,
                .data_bytes = kBlockBytes});
  Read("lib/x");
  for (const uint64_t index : {1, 2, 3, 6, 7}) EXPECT_GE(Asked("lib/x", index), 1u) << index;
  for (const uint64_t index : {4, 5}) EXPECT_EQ(Asked("lib/x", index), 0u) << index;
}

TEST_F(LibraryPrefetchingSourceTest, ANameThatLiesAcrossTwoBlocksIsRead) {
  Add("lib/x", {.needed = {"libacross.so"},
                .strings_at = kBlockBytes - 5,
                .dynamic_at = 2 * kBlockBytes - 24});
  Add("lib/libacross.so", {});
  Read("lib/x");
  EXPECT_GE(Asked("lib/libacross.so"), 1u);
}

TEST_F(LibraryPrefetchingSourceTest, TheSearchPathIsFollowedFromTheObject) {
  Add("venv/pkg/core/x.so", {.needed = {"libz.so"}, .runpath = "/abs:$ORIGIN/../../pkg.libs"});
  Add("venv/pkg.libs/libz.so", {});
  base_.AddDirectory("abs");
  Read("venv/pkg/core/x.so");
  EXPECT_GE(Asked("venv/pkg.libs/libz.so"), 1u);
}

TEST_F(LibraryPrefetchingSourceTest, LibrariesAreSoughtWhereLibrariesWereSeen) {
  Add("lib/libknown.so", {.soname = "libknown.so"});
  Add("lib/libneeded.so", {});
  Add("site/x.so", {.needed = {"libneeded.so"}});
  Read("site/x.so");
  EXPECT_EQ(Asked("lib/libneeded.so"), 0u);
  Read("lib/libknown.so");
  Add("site/y/y.so", {.needed = {"libneeded.so"}});
  Read("site/y/y.so");
  EXPECT_GE(Asked("lib/libneeded.so"), 1u);
}

TEST_F(LibraryPrefetchingSourceTest, WithoutAListingNamesAreAskedForOnlyWhereLibrariesAre) {
  UseCachedListingsOnly();
  Add("site/x.so", {.needed = {"libneeded.so"}});
  Read("site/x.so");
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 0u);
  Add("lib/libknown.so", {.needed = {"libneeded.so"}, .soname = "libknown.so"});
  Add("lib/libneeded.so", {});
  Read("lib/libknown.so");
  EXPECT_EQ(base_.CallCount(Kind::kAttributes), 1u);
  EXPECT_EQ(base_.CallCount(Kind::kListing), 0u);
  EXPECT_GE(Asked("lib/libneeded.so"), 1u);
}

TEST_F(LibraryPrefetchingSourceTest, LinksInACircleAndLinksOutOfTheTreeEnd) {
  base_.AddSymlink("lib/liba.so", "libb.so");
  base_.AddSymlink("lib/libb.so", "liba.so");
  base_.AddSymlink("lib/libc.so", "/lib/libc.so.6");
  base_.AddSymlink("lib/libd.so", "../../../etc/passwd");
  Add("lib/x", {.needed = {"liba.so", "libc.so", "libd.so", "no/name", "libmissing.so"}});
  Read("lib/x");
  EXPECT_EQ(Counter("found"), 0u);
  EXPECT_EQ(Counter("needed"), 4u);
}

TEST_F(LibraryPrefetchingSourceTest, OtherReadersAndOtherFilesBeginNothing) {
  Add("lib/app", {.needed = {"liba.so"}});
  Add("lib/liba.so", {});
  base_.AddFile("lib/text", std::string(5000, 't'));
  Read("lib/text");
  Read("lib/app", {.speculative = true});
  Read("lib/app", {.hops = 2});
  EXPECT_EQ(Asked("lib/liba.so"), 0u);
  EXPECT_EQ(Counter("examined"), 0u);
  Read("lib/app", {.hops = 1});
  EXPECT_GE(Asked("lib/liba.so"), 1u);
}

TEST_F(LibraryPrefetchingSourceTest, TheReaderHasItsBlockBeforeAnythingIsGuessedAndSeesItsErrors) {
  Add("lib/app", {.needed = {"liba.so"}});
  Add("lib/liba.so", {});
  base_.FailNext(Kind::kBlock, ErrnoStatus(EIO, "broken"));
  EXPECT_EQ(StatusErrno(AwaitBlock(*source_, base_.KeyOf("lib/app", 0), {}).status()), EIO);
  EXPECT_EQ(base_.CallCount(Kind::kBlock), 1u);
  base_.Hold(Kind::kBlock);
  Answer<BlockRef> answer;
  source_->ReadBlock(base_.KeyOf("lib/app", 0), {}, answer.MakeDone());
  EXPECT_EQ(base_.CallCount(Kind::kBlock), 2u);
  base_.ReleaseOne(Kind::kBlock);
  EXPECT_TRUE(answer.IsReady());
  EXPECT_EQ(base_.HeldCount(Kind::kBlock), 1u);  // the first guess
  base_.Release(Kind::kBlock);
  EXPECT_GE(Asked("lib/liba.so"), 1u);
}

TEST_F(LibraryPrefetchingSourceTest, AGuessThatFailsIsForgotten) {
  Add("lib/app", {.needed = {"liba.so"}});
  Add("lib/liba.so", {.needed = {"libb.so"}});
  Add("lib/libb.so", {});
  base_.FailNext(Kind::kBlock, "lib/liba.so", ErrnoStatus(EIO, "broken"));
  Read("lib/app");
  EXPECT_EQ(Asked("lib/libb.so"), 0u);
  EXPECT_EQ(Counter("examined"), 1u);
}

TEST(LibrarySearchTest, TheDirectorySeenLongestAgoIsForgotten) {
  LibrarySearch search;
  for (size_t i = 0; i <= kLibraryDirectoriesMax; ++i) {
    search.Saw(*Path::Parse(absl::StrCat("lib", i)));
  }
  search.Saw(*Path::Parse("lib1"));
  const auto directories = search.DirectoriesFor(*Path::Parse("own"), "$ORIGIN/sub:${ORIGIN}");
  ASSERT_EQ(directories.size(), kLibraryDirectoriesMax + 2);
  EXPECT_EQ(directories[0].text(), "own");
  EXPECT_EQ(directories[1].text(), "own/sub");
  EXPECT_EQ(directories[2].text(), "lib1");
  for (const Path& directory : directories) EXPECT_NE(directory.text(), "lib0");
}

}  // namespace
}  // namespace coppice
