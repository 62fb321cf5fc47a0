#include "source/by_tree_source.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "common/fake_clock.h"
#include "gtest/gtest.h"
#include "source/testing/await.h"
#include "source/testing/memory_source.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

using Kind = MemorySource::Kind;

// By the length of the path, and for blocks by the group too.
TreePlacement PlacementByLength(size_t trees) {
  return {
      .of_directory = [trees](const Path& path) { return path.text().size() % trees; },
      .of_blocks = [trees](const Path& path,
                           uint64_t group) { return (path.text().size() + 1 + group) % trees; }};
}

INSTANTIATE_TEST_SUITE_P(ByTree, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return MakeByTreeSource({&base, &base, &base}, PlacementByLength(3));
                         })));

class ByTreeSourceTest : public testing::Test {
 protected:
  static constexpr size_t kTrees = 3;

  ByTreeSourceTest() {
    for (MemorySource& tree : trees_) {
      tree.AddFile("ab/f", "bytes");
      tree.AddFile("ab/longer", "bytes");
      tree.AddGeneratedFile("ab/large", 20 * kBlockBytes);
    }
  }

  // The only tree that was asked since the last question.
  size_t Asked() {
    size_t asked = kTrees;
    for (size_t i = 0; i < kTrees; ++i) {
      if (trees_[i].Calls().empty()) continue;
      EXPECT_EQ(asked, kTrees) << "more than one tree was asked";
      asked = i;
      trees_[i].ForgetCalls();
    }
    return asked;
  }

  static Path At(const std::string& text) { return *Path::Parse(text); }

  FakeClock clock_;
  std::array<MemorySource, kTrees> trees_ = {MemorySource(clock_), MemorySource(clock_),
                                             MemorySource(clock_)};
  std::unique_ptr<Source> source_ =
      MakeByTreeSource({&trees_[0], &trees_[1], &trees_[2]}, PlacementByLength(kTrees));
};

TEST_F(ByTreeSourceTest, ADirectoryAndTheAttributesOfItsNamesAreOfOneTree) {
  ASSERT_TRUE(AwaitListing(*source_, At("ab")).ok());
  EXPECT_EQ(Asked(), 2u);
  for (const char* name : {"ab/f", "ab/longer", "ab/missing"}) {
    ASSERT_TRUE(AwaitAttributes(*source_, At(name)).ok());
    EXPECT_EQ(Asked(), 2u) << name;
  }
}

TEST_F(ByTreeSourceTest, TheAttributesOfADirectoryAreOfTheTreeOfTheOneAbove) {
  ASSERT_TRUE(AwaitAttributes(*source_, At("ab")).ok());
  EXPECT_EQ(Asked(), 0u);
}

TEST_F(ByTreeSourceTest, TheExportRootGoesWithItsNames) {
  ASSERT_TRUE(AwaitAttributes(*source_, Path()).ok());
  EXPECT_EQ(Asked(), 0u);
  ASSERT_TRUE(AwaitListing(*source_, Path()).ok());
  EXPECT_EQ(Asked(), 0u);
}

TEST_F(ByTreeSourceTest, EightBlocksThatFollowEachOtherAreOfOneTreeAndTheNextOfAnother) {
  for (uint64_t index = 0; index < 20; ++index) {
    BlockKey key = trees_[0].KeyOf("ab/large", index);
    // Each tree of the test made versions of its own.
    const size_t tree = (8 + 1 + index / kBlocksOfGroup) % kTrees;
    key.version = trees_[tree].KeyOf("ab/large", index).version;
    ASSERT_TRUE(AwaitBlock(*source_, key).ok());
    EXPECT_EQ(Asked(), tree) << index;
  }
}

TEST_F(ByTreeSourceTest, AnExtentIsLookedForWhereItsFirstBlockIs) {
  const auto find = [&](uint64_t offset, size_t tree) {
    Answer<uint64_t> answer;
    source_->FindExtent(At("ab/large"), trees_[tree].KeyOf("ab/large", 0).version, offset,
                        ExtentKind::kData, {}, answer.MakeDone());
    EXPECT_EQ(*answer.Await(), offset);
    EXPECT_EQ(Asked(), tree);
  };
  find(0, 0);
  find(8 * kBlockBytes - 1, 0);
  find(8 * kBlockBytes, 1);
}

TEST_F(ByTreeSourceTest, TheContextIsPassedOnAsItIs) {
  Answer<PathState> answer;
  source_->GetAttributes(At("ab/f"), {.age_max = absl::Seconds(3), .speculative = true, .hops = 7},
                         answer.MakeDone());
  ASSERT_TRUE(answer.Await().ok());
  const MemorySource::Call call = trees_[2].Calls().at(0);
  EXPECT_EQ(call.context.age_max, absl::Seconds(3));
  EXPECT_TRUE(call.context.speculative);
  EXPECT_EQ(call.context.hops, 7u);
}

TEST_F(ByTreeSourceTest, AFailureOfOneTreeIsNotAskedOfAnother) {
  trees_[2].FailNext(Kind::kAttributes, absl::UnavailableError("the parent is gone"));
  EXPECT_EQ(AwaitAttributes(*source_, At("ab/f")).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Asked(), 2u);
}

}  // namespace
}  // namespace coppice
