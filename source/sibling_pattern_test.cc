#include "source/sibling_pattern.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

using Guess = SiblingPattern::Guess;

TEST(SiblingPatternTest, TheFirstFileIsAGuessIfCheapAndTheSecondAnyway) {
  SiblingPattern pattern;
  EXPECT_EQ(pattern.Demand("a").guess, Guess::kSiblingsIfCheap);
  EXPECT_EQ(pattern.Demand("a").guess, Guess::kNothing);
  EXPECT_EQ(pattern.Demand("b").guess, Guess::kSiblings);
  EXPECT_EQ(pattern.Demand("b").guess, Guess::kNothing);
  EXPECT_EQ(pattern.Demand("c").guess, Guess::kSiblings) << "no batch was begun";
  pattern.Begin();
  EXPECT_EQ(pattern.Demand("d").guess, Guess::kNothing);
}

TEST(SiblingPatternTest, AfterTheFirstBatchOnlyTheFileBehindItBringsAnother) {
  SiblingPattern pattern;
  pattern.Demand("a");
  pattern.Begin();
  EXPECT_FALSE(pattern.Choose("a")) << "it was read";
  EXPECT_TRUE(pattern.Choose("b"));
  EXPECT_FALSE(pattern.Choose("b"));
  pattern.EndBefore("c");
  EXPECT_EQ(pattern.Demand("z").guess, Guess::kNothing);
  EXPECT_EQ(pattern.Demand("c").guess, Guess::kNextBatch);
  EXPECT_EQ(pattern.Demand("c").guess, Guess::kNothing) << "its batch is on its way";
}

TEST(SiblingPatternTest, InALargeDirectoryEachFileMayBeTheBeginningOfAnOrder) {
  SiblingPattern pattern;
  pattern.Demand("a");
  pattern.Demand("b");
  pattern.SetLarge();
  const SiblingPattern::Step step = pattern.Demand("c");
  EXPECT_EQ(step.guess, Guess::kBatchIfInOrder);
  EXPECT_EQ(step.previous, "b");
  pattern.Begin();
  ASSERT_TRUE(pattern.Choose("d"));
  EXPECT_EQ(pattern.Demand("d").guess, Guess::kNothing) << "it is on its way";
}

TEST(SiblingPatternTest, WhatWasFetchedIsUsedOnce) {
  SiblingPattern pattern;
  pattern.Begin();
  ASSERT_TRUE(pattern.Choose("b"));
  EXPECT_TRUE(pattern.Demand("b").was_prefetched);
  EXPECT_FALSE(pattern.Demand("b").was_prefetched);
}

TEST(SiblingPatternTest, BatchesDoubleUpToALimit) {
  SiblingPattern pattern;
  EXPECT_EQ(pattern.Begin().files_max, kBatchFilesMin);
  EXPECT_EQ(pattern.Begin().bytes_max, 2 * kBatchBytesMin);
  EXPECT_EQ(pattern.Begin().files_max, kBatchFilesMax);
  for (int i = 0; i < 100; ++i) pattern.Begin();
  EXPECT_EQ(pattern.Begin().files_max, kBatchFilesMax);
  EXPECT_EQ(pattern.Begin().bytes_max, kBatchBytesMax);
}

}  // namespace
}  // namespace coppice
