#include "source/familiar_prefetching_source.h"

#include <cerrno>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/familiar_names.h"
#include "source/small_file.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

INSTANTIATE_TEST_SUITE_P(FamiliarPrefetching, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakeFamiliarPrefetchingSource(base);
                         })));

class FamiliarPrefetchingSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* package : {"a", "b", "c"}) {
      base_.AddFile(absl::StrCat(package, "/__pycache__/init.pyc"), "bytes");
      base_.AddFile(absl::StrCat(package, "/__pycache__/other.pyc"), "bytes");
      base_.AddFile(absl::StrCat(package, "/data/x"), "bytes");
    }
  }
  void List(const std::string& path, const RequestContext& context = {}) {
    ASSERT_TRUE(AwaitListing(*source_, *Path::Parse(path), {}, context).ok());
  }
  void Read(const std::string& path, const RequestContext& context = {}) {
    ASSERT_TRUE(AwaitBlock(*source_, base_.KeyOf(path, 0), context).ok());
  }
  void UsePackage(const std::string& name, const RequestContext& context = {}) {
    List(name, context);
    List(name + "/__pycache__", context);
    Read(name + "/__pycache__/init.pyc", context);
  }
  uint64_t Counter(const std::string& name) { return source_->Statistics().counters.at(name); }

  FakeClock clock_;
  MemorySource base_{clock_};
  std::unique_ptr<FamiliarPrefetchingSource> source_ = MakeFamiliarPrefetchingSource(base_);
};

TEST_F(FamiliarPrefetchingSourceTest, WhatTwoPackagesHadWantedIsFetchedInTheThird) {
  UsePackage("a");
  UsePackage("b");
  EXPECT_EQ(Counter("prefetched_listings"), 0u);
  List("c");
  EXPECT_EQ(base_.CallCount(Kind::kListing, "c/__pycache__"), 1u);
  EXPECT_EQ(base_.CallCount(Kind::kListing, "c/data"), 0u);
  EXPECT_EQ(Counter("prefetched_listings"), 1u);
  EXPECT_EQ(base_.BlockCallCount("c/__pycache__/init.pyc", 0), 1u);
  // And the rest of so small a directory.
  EXPECT_EQ(base_.BlockCallCount("c/__pycache__/other.pyc", 0), 1u);
  EXPECT_EQ(Counter("prefetched_blocks"), 2u);
  EXPECT_EQ(Counter("prefetched_bytes"), 10u);
}

TEST_F(FamiliarPrefetchingSourceTest, OfADirectoryThatIsNotCheapOnlyTheFamiliarFilesAreFetched) {
  UsePackage("a");
  UsePackage("b");
  for (uint64_t i = 0; i <= kCheapDirectoryBytes / kSmallFileBytes; ++i) {
    base_.AddGeneratedFile(absl::StrCat("c/__pycache__/large", i, ".pyc"), kSmallFileBytes);
  }
  List("c");
  EXPECT_EQ(base_.BlockCallCount("c/__pycache__/init.pyc", 0), 1u);
  EXPECT_EQ(Counter("prefetched_blocks"), 1u);
}

TEST_F(FamiliarPrefetchingSourceTest, OtherPeersAndGuessesNeitherTeachNorBegin) {
  for (const RequestContext& context :
       {RequestContext{.speculative = true}, RequestContext{.hops = 2}}) {
    UsePackage("a", context);
    UsePackage("b", context);
  }
  UsePackage("c");
  EXPECT_EQ(Counter("prefetched_listings") + Counter("prefetched_blocks"), 0u);
  UsePackage("a");
  base_.ForgetCalls();
  List("b", {.speculative = true});
  List("b", {.hops = 2});
  EXPECT_EQ(base_.Calls().size(), 2u);
  List("b", {.hops = 1});
  EXPECT_EQ(Counter("prefetched_listings"), 1u);
}

TEST_F(FamiliarPrefetchingSourceTest, ALargeListingIsNoPackage) {
  UsePackage("a");
  UsePackage("b");
  for (size_t i = 0; i < kFamiliarListingMax; ++i) base_.AddFile(absl::StrCat("c/f", i), "x");
  List("c");
  EXPECT_EQ(Counter("prefetched_listings"), 0u);
}

TEST_F(FamiliarPrefetchingSourceTest, LargeFilesAndMoreThanAFewAreNotFetched) {
  for (size_t i = 0; i < kFamiliarFetchesMax + 3; ++i) {
    for (const char* package : {"a", "b", "c"}) {
      base_.AddFile(absl::StrCat(package, "/f", i), "x");
      if (package != std::string("c")) Read(absl::StrCat(package, "/f", i));
    }
  }
  List("c");
  EXPECT_EQ(Counter("prefetched_blocks"), kFamiliarFetchesMax);
  base_.AddGeneratedFile("d/f1", kSmallFileBytes + 1);
  List("d");
  EXPECT_EQ(Counter("prefetched_blocks"), kFamiliarFetchesMax);
}

TEST_F(FamiliarPrefetchingSourceTest, TheDescentEndsAfterAFewLevels) {
  std::string path = "deep";
  for (size_t i = 0; i < kFamiliarLevelsMax + 3; ++i) base_.AddDirectory(path += "/sub");
  base_.AddDirectory("p/sub");
  base_.AddDirectory("q/sub");
  List("p/sub");
  List("q/sub");
  base_.ForgetCalls();
  List("deep");
  EXPECT_EQ(base_.CallCount(Kind::kListing), 1 + kFamiliarLevelsMax);
}

TEST_F(FamiliarPrefetchingSourceTest, AFailureIsTheReadersAndNothingFollows) {
  UsePackage("a");
  UsePackage("b");
  base_.ForgetCalls();
  base_.FailNext(Kind::kListing, "c", ErrnoStatus(EACCES, "no"));
  EXPECT_EQ(StatusErrno(AwaitListing(*source_, *Path::Parse("c")).status()), EACCES);
  EXPECT_EQ(base_.Calls().size(), 1u);
  base_.FailNext(Kind::kListing, "c/__pycache__", ErrnoStatus(EIO, "broken"));
  List("c");
  EXPECT_EQ(base_.CallCount(Kind::kBlock), 0u);
}

TEST(FamiliarNamesTest, ANameIsFamiliarOnceItWasWantedInTwoDirectories) {
  FamiliarNames names;
  names.Want(*Path::Parse("a/x"));
  names.Want(*Path::Parse("a/x"));
  EXPECT_FALSE(names.IsFamiliar("x"));
  names.Want(*Path::Parse("b/x"));
  EXPECT_TRUE(names.IsFamiliar("x"));
  EXPECT_FALSE(names.IsFamiliar("a"));
}

TEST(FamiliarNamesTest, WhenThereAreTooManyThoseOfOneDirectoryAreForgotten) {
  FamiliarNames names;
  names.Want(*Path::Parse("a/x"));
  names.Want(*Path::Parse("b/x"));
  for (size_t i = 1; i < kNamesRememberedMax; ++i) names.Want(*Path::Parse(absl::StrCat("a/", i)));
  names.Want(*Path::Parse("a/last"));
  EXPECT_TRUE(names.IsFamiliar("x"));
  names.Want(*Path::Parse("b/1"));
  EXPECT_FALSE(names.IsFamiliar("1"));
  names.Want(*Path::Parse("b/last"));
  EXPECT_TRUE(names.IsFamiliar("last"));
}

}  // namespace
}  // namespace coppice
