#include "source/next_directory_prefetching_source.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "gtest/gtest.h"
#include "source/lookup_counts.h"
#include "source/metadata_caching_source.h"
#include "source/small_file.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

INSTANTIATE_TEST_SUITE_P(NextDirectoryPrefetching, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakeNextDirectoryPrefetchingSource(base);
                         })));

// t/d0 to t/d5 with six small files each, and what is no directory between them.
class NextDirectoryPrefetchingSourceTest : public testing::Test {
 protected:
  static constexpr int kDirectories = 6;
  static constexpr int kFiles = 6;

  void SetUp() override {
    for (int d = 0; d < kDirectories; ++d) {
      for (int f = 0; f < kFiles; ++f) {
        base_.AddGeneratedFile(absl::StrCat("t/d", d, "/f", f), 1'000);
      }
    }
    for (int i = 0; i < 20; ++i) base_.AddFile(absl::StrCat("t/file", i), "x");
    Order();
  }

  // Notes the order of all listings, and forgets that they were read for it.
  void Order() {
    directories_.clear();
    files_.clear();
    const ListingRef tree = *AwaitListing(base_, *Path::Parse("t"));
    for (const Dentry& entry : tree->entries) {
      if (S_ISDIR(entry.type)) directories_.push_back("t/" + entry.name);
    }
    for (const std::string& directory : directories_) {
      files_.emplace_back();
      const ListingRef listing = *AwaitListing(base_, *Path::Parse(directory));
      for (const Dentry& entry : listing->entries) {
        if (IsSmallFile(entry)) files_.back().push_back(absl::StrCat(directory, "/", entry.name));
      }
    }
    base_.ForgetCalls();
  }

  // As whoever reads it has listed it before.
  void List(const std::string& path) {
    ASSERT_TRUE(AwaitListing(*source_, *Path::Parse(path)).ok());
  }
  void Read(const std::string& path, const RequestContext& context = {}) {
    ASSERT_TRUE(AwaitBlock(*source_, base_.KeyOf(path, 0), context).ok());
  }
  // Lists a directory and reads these files of it.
  void Visit(size_t directory, const std::vector<size_t>& files) {
    List(directories_[directory]);
    for (const size_t file : files) Read(files_[directory][file]);
  }
  size_t Blocks(size_t directory) const {
    size_t count = 0;
    for (const std::string& file : files_[directory]) count += base_.BlockCallCount(file, 0);
    return count;
  }
  size_t Listings(size_t directory) const {
    return base_.CallCount(Kind::kListing, directories_[directory]);
  }
  uint64_t Counter(const std::string& name) { return source_->Statistics().counters.at(name); }

  FakeClock clock_;
  MemorySource base_{clock_};
  std::vector<std::string> directories_;         // in the order of the listing
  std::vector<std::vector<std::string>> files_;  // of each
  std::unique_ptr<MetadataCachingSource> cache_ = MakeMetadataCachingSource(base_, {}, clock_);
  std::unique_ptr<NextDirectoryPrefetchingSource> source_ =
      MakeNextDirectoryPrefetchingSource(*cache_);
};

TEST_F(NextDirectoryPrefetchingSourceTest, WhoBeginsTwoNeighboursInOrderGetsTheNext) {
  List("t");
  Visit(0, {0, 1, 2});
  EXPECT_EQ(Listings(1), 0u);
  Visit(1, {0});
  EXPECT_EQ(Listings(2), 1u);
  EXPECT_EQ(base_.BlockCallCount(files_[2][0], 0), 1u);
  EXPECT_EQ(base_.BlockCallCount(files_[2][1], 0), 1u);
  EXPECT_EQ(Blocks(2), 2u) << "the others are the peer's business";
  EXPECT_EQ(Listings(3), 0u);
  Visit(1, {1, 2, 3, 4, 5});
  EXPECT_EQ(Counter("listings"), 1u);
  EXPECT_EQ(Counter("files"), 2u);
}

TEST_F(NextDirectoryPrefetchingSourceTest, EachDirectoryIsListedOnceAndAheadUpToTheLast) {
  List("t");
  for (size_t d = 0; d < kDirectories; ++d) {
    EXPECT_EQ(Listings(d), d < 2 ? 0u : 1u) << d;
    Visit(d, {0, 1, 2, 3, 4, 5});
  }
  for (size_t d = 0; d < kDirectories; ++d) EXPECT_EQ(Listings(d), 1u) << d;
  EXPECT_EQ(Counter("listings"), kDirectories - 2u);
}

TEST_F(NextDirectoryPrefetchingSourceTest, WhatIsReadAheadIsReadAsAReaderDoes) {
  List("t");
  Visit(0, {0});
  Visit(1, {0});
  for (const MemorySource::Call& call : base_.Calls()) {
    if (call.kind == Kind::kBlock) {
      EXPECT_FALSE(call.context.speculative) << call.path.text();
    }
    if (call.kind == Kind::kListing && call.path.text() == directories_[2]) {
      EXPECT_TRUE(call.context.speculative);
    }
  }
}

TEST_F(NextDirectoryPrefetchingSourceTest, WhoBeginsElsewhereGetsNothing) {
  List("t");
  Visit(0, {0});
  Visit(1, {3, 0});
  Visit(2, {0});
  EXPECT_EQ(Listings(3), 0u) << "the second was begun in its middle";
  Visit(4, {0});
  EXPECT_EQ(Listings(5), 0u) << "no neighbours";
  EXPECT_EQ(Counter("files"), 0u);
}

TEST_F(NextDirectoryPrefetchingSourceTest, WhoOnlyListsGetsNothing) {
  List("t");
  for (size_t d = 0; d + 1 < kDirectories; ++d) List(directories_[d]);
  EXPECT_EQ(Listings(kDirectories - 1), 0u);
  EXPECT_EQ(base_.CallCount(Kind::kBlock), 0u);
}

TEST_F(NextDirectoryPrefetchingSourceTest, NothingIsListedToFindOut) {
  for (size_t d = 0; d < 3; ++d) Read(files_[d][0]);
  EXPECT_EQ(base_.CallCount(Kind::kListing), 0u);
  for (size_t d = 3; d < kDirectories; ++d) Visit(d, {0});
  EXPECT_EQ(base_.CallCount(Kind::kListing, "t"), 0u);
}

TEST_F(NextDirectoryPrefetchingSourceTest, NoHugeDirectoryAndNoneOfUnknownSizeIsListed) {
  for (const uint64_t bytes : {uint64_t{0}, kSmallDirectoryBytes + 1}) {
    base_.SetAttributes(directories_[2],
                        [bytes](Attributes& attributes) { attributes.size = bytes; });
    source_.reset();
    cache_ = MakeMetadataCachingSource(base_, {}, clock_);
    source_ = MakeNextDirectoryPrefetchingSource(*cache_);
    base_.ForgetCalls();
    List("t");
    Visit(0, {0});
    Visit(1, {0});
    EXPECT_EQ(Listings(2), 0u) << bytes;
  }
}

TEST_F(NextDirectoryPrefetchingSourceTest, NothingIsAskedForBeforeTheReaderHasItsBlock) {
  List("t");
  Visit(0, {0});
  List(directories_[1]);
  base_.Hold(Kind::kBlock);
  Answer<BlockRef> reader;
  source_->ReadBlock(base_.KeyOf(files_[1][0], 0), {}, reader.MakeDone());
  EXPECT_EQ(Listings(2), 0u);
  base_.ReleaseOne(Kind::kBlock);
  EXPECT_TRUE(reader.IsReady());
  EXPECT_EQ(Listings(2), 1u);
  base_.Release(Kind::kBlock);
}

TEST_F(NextDirectoryPrefetchingSourceTest, WhatFailsIsNobodysError) {
  List("t");
  Visit(0, {0});
  base_.FailNext(Kind::kListing, directories_[2], absl::UnavailableError("later"));
  Visit(1, {0, 1});
  EXPECT_EQ(Blocks(2), 0u);
  base_.FailNext(Kind::kBlock, files_[3][0], absl::UnavailableError("later"));
  Visit(2, {0, 1});
  EXPECT_EQ(base_.BlockCallCount(files_[3][0], 0), 1u);
  Visit(3, {0, 1});
}

TEST_F(NextDirectoryPrefetchingSourceTest, GuessesAndLargeFilesAreNoBeginning) {
  List("t");
  Visit(0, {0});
  List(directories_[1]);
  Read(files_[1][0], {.speculative = true});
  EXPECT_EQ(Listings(2), 0u);
  for (int d = 0; d < kDirectories; ++d) {
    base_.AddGeneratedFile(absl::StrCat("t/d", d, "/large"), kSmallFileBytes + 1);
  }
  for (const std::string& directory : directories_) Read(directory + "/large");
  EXPECT_EQ(Listings(2), 0u);
}

}  // namespace
}  // namespace coppice
