#include "source/python_prefetching_source.h"

#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/fake_clock.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "source/lookup_counts.h"
#include "source/metadata_caching_source.h"
#include "source/python_imports.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"
#include "source/testing/python_image.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

INSTANTIATE_TEST_SUITE_P(PythonPrefetching, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakePythonPrefetchingSource(base);
                         })));

class PythonPrefetchingSourceTest : public testing::Test {
 protected:
  struct Import {
    int level;
    std::string name;
    std::vector<std::string> from;
  };

  // The module's source and what it was compiled to: "lib/pkg/mod", or "lib/pkg/__init__".
  void AddModule(const std::string& module, const std::vector<Import>& imports) {
    base_.AddFile(absl::StrCat(module, ".py"), "import ...");
    PythonImage image;
    for (const Import& import : imports) image.Import(import.level, import.name, import.from);
    base_.AddFile(Compiled(module), image.Bytes());
  }
  static std::string Compiled(const std::string& module) {
    const size_t slash = module.rfind('/');
    return absl::StrCat(module.substr(0, slash), "/__pycache__/", module.substr(slash + 1),
                        ".cpython-311.pyc");
  }
  // As a reader who found the module by listing the directories on its way from `lib`.
  void Read(const std::string& module, const RequestContext& context = {}) {
    ASSERT_TRUE(AwaitListing(*source_, *Path::Parse("lib")).ok());
    for (size_t slash = module.find('/', 4); slash != std::string::npos;
         slash = module.find('/', slash + 1)) {
      ASSERT_TRUE(AwaitListing(*source_, *Path::Parse(module.substr(0, slash))).ok());
    }
    ASSERT_TRUE(AwaitBlock(*source_, base_.KeyOf(Compiled(module), 0), context).ok());
    source_->WaitUntilIdle();
  }
  size_t Fetched(const std::string& module) { return base_.BlockCallCount(Compiled(module), 0); }
  uint64_t Counter(const std::string& name) { return source_->Statistics().counters.at(name); }

  FakeClock clock_;
  MemorySource base_{clock_};
  std::unique_ptr<Source> cache_ = MakeMetadataCachingSource(base_, {}, clock_);
  std::unique_ptr<PythonPrefetchingSource> source_ = MakePythonPrefetchingSource(*cache_);
};

TEST_F(PythonPrefetchingSourceTest, AModuleBringsWhatItImportsAndWhatTheseImport) {
  AddModule("lib/pkg/__init__", {{1, "first", {"x"}}, {0, "other.deep", {}}});
  AddModule("lib/pkg/first", {{1, "", {"second"}}});
  AddModule("lib/pkg/second", {});
  AddModule("lib/pkg/unrelated", {});
  AddModule("lib/other/__init__", {});
  AddModule("lib/other/deep/__init__", {{2, "side", {}}});
  AddModule("lib/other/side", {});
  Read("lib/pkg/__init__");
  for (const char* module : {"lib/pkg/first", "lib/pkg/second", "lib/other/__init__",
                             "lib/other/deep/__init__", "lib/other/side"}) {
    EXPECT_EQ(Fetched(module), 1u) << module;
  }
  EXPECT_EQ(Fetched("lib/pkg/unrelated"), 0u);
  EXPECT_EQ(Counter("examined"), 6u);
  EXPECT_EQ(Counter("prefetched_blocks"), 5u);
}

TEST_F(PythonPrefetchingSourceTest, NamesAfterImportMayBeModulesOfThePackage) {
  AddModule("lib/a/__init__", {{0, "b", {"module", "attribute"}}, {1, "", {"c"}}});
  AddModule("lib/a/c/__init__", {});
  AddModule("lib/b/__init__", {});
  AddModule("lib/b/module", {});
  Read("lib/a/__init__");
  for (const char* module : {"lib/a/c/__init__", "lib/b/__init__", "lib/b/module"}) {
    EXPECT_EQ(Fetched(module), 1u) << module;
  }
  EXPECT_EQ(Counter("prefetched_blocks"), 3u);
}

TEST_F(PythonPrefetchingSourceTest, AnAbsoluteNameIsNotLookedForInThePackage) {
  AddModule("lib/pkg/__init__", {{0, "types", {}}});
  AddModule("lib/pkg/types", {});
  Read("lib/pkg/__init__");
  EXPECT_EQ(Fetched("lib/pkg/types"), 0u);
}

TEST_F(PythonPrefetchingSourceTest, AnAbsoluteNameIsAlsoLookedForWhereOthersWereFound) {
  AddModule("lib/python/ssl", {{0, "socket", {}}});
  AddModule("lib/python/socket", {});
  AddModule("lib/python/json/__init__", {});
  AddModule("lib/site/pkg/__init__", {{0, "json", {}}});
  Read("lib/python/ssl");
  EXPECT_EQ(Fetched("lib/python/socket"), 1u);
  EXPECT_EQ(Fetched("lib/python/json/__init__"), 0u);
  Read("lib/site/pkg/__init__");
  EXPECT_EQ(Fetched("lib/python/json/__init__"), 1u);
}

// The directory above the package is not listed for a guess, and a package that is not known to be
// one ends nothing: what cannot be found is looked for again for the next module.
TEST_F(PythonPrefetchingSourceTest, WhereNobodyHasLookedNothingIsFetchedUntilSomebodyHas) {
  AddModule("lib/pkg/__init__", {{0, "other", {}}});
  AddModule("lib/pkg/more", {{0, "other", {}}});
  AddModule("lib/other/__init__", {});
  ASSERT_TRUE(AwaitBlock(*source_, base_.KeyOf(Compiled("lib/pkg/__init__"), 0), {}).ok());
  source_->WaitUntilIdle();
  EXPECT_EQ(Counter("examined"), 1u);
  EXPECT_EQ(Fetched("lib/other/__init__"), 0u);
  EXPECT_EQ(base_.CallCount(Kind::kListing), 0u);
  Read("lib/pkg/more");
  EXPECT_EQ(Fetched("lib/other/__init__"), 1u);
}

TEST_F(PythonPrefetchingSourceTest, ARelativeNameAboveTheExportRootIsNothing) {
  AddModule("lib/__init__", {{9, "x", {}}});
  AddModule("x", {});
  Read("lib/__init__");
  EXPECT_EQ(Counter("imports"), 1u);
  EXPECT_EQ(Counter("prefetched_blocks"), 0u);
}

TEST_F(PythonPrefetchingSourceTest, ModulesThatImportEachOtherEnd) {
  AddModule("lib/pkg/__init__", {{1, "a", {}}});
  AddModule("lib/pkg/a", {{1, "b", {}}, {0, "pkg", {}}});
  AddModule("lib/pkg/b", {{1, "a", {}}, {0, "pkg.b", {}}});
  Read("lib/pkg/__init__");
  EXPECT_EQ(Counter("examined"), 3u);
  EXPECT_EQ(Fetched("lib/pkg/a"), 1u);
  EXPECT_EQ(Fetched("lib/pkg/b"), 1u);
  Read("lib/pkg/__init__");
  EXPECT_EQ(Counter("examined"), 3u);
}

// Answers at hand end within the call that asks: as many as these would not fit on a stack.
TEST_F(PythonPrefetchingSourceTest, AChainOfManyModulesIsNotAsManyCallsDeep) {
  constexpr int kMany = 3'000;
  AddModule("lib/pkg/__init__", {{1, "m0", {}}});
  for (int i = 0; i < kMany; ++i) {
    AddModule(absl::StrCat("lib/pkg/m", i), {{1, absl::StrCat("m", i + 1), {}}});
  }
  Read("lib/pkg/__init__");
  EXPECT_EQ(Counter("examined"), kMany + 1u);
}

// In a ring of more than are remembered, each would be new whenever its turn comes.
TEST_F(PythonPrefetchingSourceTest, OneReadBringsNoMoreModulesThanItMay) {
  constexpr size_t kOfAPackage = 1'000;
  constexpr size_t kMany = kModulesAheadMax + kOfAPackage;
  const auto name = [](size_t i, char separator) {
    return absl::StrCat("p", i / kOfAPackage, std::string(1, separator), "m", i);
  };
  for (size_t i = 0; i < kMany; ++i) {
    AddModule(absl::StrCat("lib/", name(i, '/')), {{2, name((i + 1) % kMany, '.'), {}}});
  }
  Read("lib/p0/m0");
  EXPECT_EQ(Counter("examined"), 1 + kModulesAheadMax);
  EXPECT_EQ(Counter("prefetched_blocks"), kModulesAheadMax);
  for (const MemorySource::Call& call : base_.Calls()) {
    ASSERT_EQ(call.context.guessed_here, call.context.speculative && call.kind == Kind::kBlock);
  }
}

// Each of these modules alone may have so many names, and all are read before the first of them is
// followed.
TEST_F(PythonPrefetchingSourceTest, NamesThatWaitAreBounded) {
  const int modules = kErrandsMax / kPythonFromNamesMax + 1;
  std::vector<std::string> names;
  for (size_t i = 1; i < kPythonFromNamesMax; ++i) names.push_back(absl::StrCat("n", i));
  std::vector<Import> imports;
  for (int i = 0; i < modules; ++i) {
    const std::string found = absl::StrCat("found", i), module = absl::StrCat("lib/pkg/m", i);
    std::vector<std::string> from = names;
    from.push_back(found);
    AddModule(module, {{1, "", from}});
    AddModule(absl::StrCat("lib/pkg/", found), {});
    imports.push_back({1, absl::StrCat("m", i), {}});
  }
  AddModule("lib/pkg/__init__", imports);
  Read("lib/pkg/__init__");
  EXPECT_GT(Counter("examined"), 1u + modules);
  EXPECT_EQ(Fetched("lib/pkg/found0"), 1u);
  EXPECT_EQ(Fetched(absl::StrCat("lib/pkg/found", modules - 1)), 0u);
}

TEST_F(PythonPrefetchingSourceTest, OnlyTheLocalReaderBeginsIt) {
  AddModule("lib/pkg/__init__", {{1, "a", {}}});
  AddModule("lib/pkg/a", {});
  Read("lib/pkg/__init__", {.hops = 2});
  Read("lib/pkg/__init__", {.speculative = true});
  EXPECT_EQ(Fetched("lib/pkg/a"), 0u);
  Read("lib/pkg/__init__", {.hops = 1});
  EXPECT_EQ(Fetched("lib/pkg/a"), 1u);
}

TEST_F(PythonPrefetchingSourceTest, WhatIsNoCompiledModuleBeginsNothing) {
  AddModule("lib/pkg/a", {});
  base_.AddFile("lib/pkg/__pycache__/text.cpython-311.pyc", "no module at all");
  PythonImage image;
  image.Import(1, "a");
  base_.AddFile("lib/pkg/elsewhere.pyc", image.Bytes());
  base_.AddFile("lib/pkg/__pycache__/a.txt", image.Bytes());
  for (const char* path : {"lib/pkg/__pycache__/text.cpython-311.pyc", "lib/pkg/elsewhere.pyc",
                           "lib/pkg/__pycache__/a.txt"}) {
    ASSERT_TRUE(AwaitBlock(*source_, base_.KeyOf(path, 0), {}).ok());
  }
  source_->WaitUntilIdle();
  EXPECT_EQ(Counter("examined"), 0u);
  EXPECT_EQ(Counter("prefetched_blocks"), 0u);
}

TEST_F(PythonPrefetchingSourceTest, ADirectoryThatIsLargeOrAnAutomountIsNotListed) {
  AddModule("lib/pkg/__init__", {{1, "large.m", {}}, {1, "mount.m", {}}, {1, "small.m", {}}});
  for (const char* name : {"large", "mount", "small"}) {
    AddModule(absl::StrCat("lib/pkg/", name, "/m"), {});
  }
  const auto set_size = [this](absl::string_view path, uint64_t size) {
    base_.SetAttributes(path, [size](Attributes& attributes) { attributes.size = size; });
  };
  set_size("lib/pkg/large", kSmallDirectoryBytes + 1);
  set_size("lib/pkg/mount", 0);
  Read("lib/pkg/__init__");
  EXPECT_EQ(Fetched("lib/pkg/large/m"), 0u);
  EXPECT_EQ(Fetched("lib/pkg/mount/m"), 0u);
  EXPECT_EQ(Fetched("lib/pkg/small/m"), 1u);
}

TEST_F(PythonPrefetchingSourceTest, AFailureEndsAGuessAndReachesNobody) {
  AddModule("lib/pkg/__init__", {{1, "sub.m", {}}, {1, "b", {}}});
  AddModule("lib/pkg/sub/m", {});
  AddModule("lib/pkg/b", {{1, "c", {}}});
  AddModule("lib/pkg/c", {});
  base_.FailNext(Kind::kListing, "lib/pkg/sub", ErrnoStatus(EACCES, "no"));
  base_.FailNext(Kind::kBlock, Compiled("lib/pkg/b"), ErrnoStatus(EIO, "broken"));
  Read("lib/pkg/__init__");
  EXPECT_EQ(Fetched("lib/pkg/sub/m"), 0u);
  EXPECT_EQ(Fetched("lib/pkg/b"), 1u);
  EXPECT_EQ(Fetched("lib/pkg/c"), 0u);
  Read("lib/pkg/b");  // the reader's own
  EXPECT_EQ(Fetched("lib/pkg/c"), 1u);
}

TEST_F(PythonPrefetchingSourceTest, TheEndWaitsForWhatIsUnderWay) {
  AddModule("lib/pkg/__init__", {{1, "a", {}}});
  AddModule("lib/pkg/a", {{1, "b", {}}});
  AddModule("lib/pkg/b", {});
  Read("lib/pkg/a");  // so that the listings are at hand
  base_.ForgetCalls();
  base_.Hold(Kind::kBlock);
  source_->ReadBlock(base_.KeyOf(Compiled("lib/pkg/__init__"), 0), {},
                     [](const absl::StatusOr<BlockRef>&) {});
  std::thread ending([this] { source_ = nullptr; });
  base_.AwaitHeld(Kind::kBlock, 1);
  base_.Release(Kind::kBlock);
  ending.join();
}

}  // namespace
}  // namespace coppice
