#include "bench/store_counters.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(StoreCountersTest, OperationsAreCountedByKindAndBytesByRead) {
  StoreCounters counters;
  counters.Count(StoreOperation::kLookup);
  counters.Count(StoreOperation::kLookup);
  counters.Count(StoreOperation::kReaddir);
  counters.CountRead(4096);
  counters.CountRead(1);
  const StoreFigures figures = counters.Figures();
  EXPECT_EQ(figures.operations.at("lookup"), 2u);
  EXPECT_EQ(figures.operations.at("readdir"), 1u);
  EXPECT_EQ(figures.operations.at("open"), 0u);
  EXPECT_EQ(figures.OperationCount(), 3u);
  EXPECT_EQ(figures.reads, 2u);
  EXPECT_EQ(figures.bytes, 4097u);
}

TEST(StoreCountersTest, WhatHappenedBetweenIsTheDifference) {
  StoreCounters counters;
  counters.Count(StoreOperation::kOpen);
  counters.CountRead(10);
  const StoreFigures before = counters.Figures();
  counters.Count(StoreOperation::kOpen);
  counters.Count(StoreOperation::kGetattr);
  counters.CountRead(5);
  const StoreFigures between = FiguresBetween(before, counters.Figures());
  EXPECT_EQ(between.OperationCount(), 2u);
  EXPECT_EQ(between.operations.at("open"), 1u);
  EXPECT_EQ(between.reads, 1u);
  EXPECT_EQ(between.bytes, 5u);
}

}  // namespace
}  // namespace coppice
