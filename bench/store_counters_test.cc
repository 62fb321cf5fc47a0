#include "bench/store_counters.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(StoreCountersTest, TheTextIsReadBack) {
  StoreCounters counters;
  counters.Count(StoreOperation::kLookup);
  counters.Count(StoreOperation::kLookup);
  counters.Count(StoreOperation::kStatfs);
  counters.CountRead(4096);
  counters.CountRead(1);
  const StoreFigures figures = ParseStoreFigures(counters.Text()).value();
  EXPECT_EQ(figures.operations.at("lookup"), 2u);
  EXPECT_EQ(figures.operations.at("statfs"), 1u);
  EXPECT_EQ(figures.operations.at("open"), 0u);
  EXPECT_EQ(figures.OperationCount(), 3u);
  EXPECT_EQ(figures.reads, 2u);
  EXPECT_EQ(figures.bytes, 4097u);
}

TEST(StoreCountersTest, WhatHappenedBetweenIsTheDifference) {
  StoreCounters counters;
  counters.Count(StoreOperation::kOpen);
  counters.CountRead(10);
  const StoreFigures before = ParseStoreFigures(counters.Text()).value();
  counters.Count(StoreOperation::kOpen);
  counters.Count(StoreOperation::kReaddir);
  counters.CountRead(5);
  const StoreFigures between =
      FiguresBetween(before, ParseStoreFigures(counters.Text()).value());
  EXPECT_EQ(between.OperationCount(), 2u);
  EXPECT_EQ(between.reads, 1u);
  EXPECT_EQ(between.bytes, 5u);
}

TEST(StoreCountersTest, OtherTextIsRefused) {
  EXPECT_FALSE(ParseStoreFigures("").ok());
  EXPECT_FALSE(ParseStoreFigures("lookup many\n").ok());
  EXPECT_FALSE(ReadStoreFigures("/nowhere").ok());
}

}  // namespace
}  // namespace coppice
