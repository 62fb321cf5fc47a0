#include "bench/copy_count.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr uint64_t kBytes = 1000;

// A node that got each byte from its parent, unless it is the root.
NodeCosts Node(bool is_root) {
  NodeCosts node;
  (is_root ? node.backing["bytes"] : node.parent["bytes_received"]) = kBytes;
  return node;
}

double Copies(const std::vector<NodeCosts>& spent) {
  return CopiesPerByte(MovedBytesOf(spent), kBytes).value_or(-1);
}

TEST(CopyCountTest, OneNodeReadsTheStoreAndAnswersTheKernelOutOfSharedMemory) {
  NodeCosts node = Node(/*is_root=*/true);
  node.fuse["read_bytes"] = kBytes;
  EXPECT_EQ(Copies({node}), 2);
}

TEST(CopyCountTest, WhatThePeerHasAlreadyIsCopiedOnlyToTheKernel) {
  NodeCosts node;
  node.fuse["read_bytes"] = kBytes;
  EXPECT_EQ(Copies({node}), 1);
}

TEST(CopyCountTest, BlocksThatComeToTheClientAsMessagesAreThreeMore) {
  NodeCosts node = Node(/*is_root=*/true);
  node.service["bytes_sent"] = kBytes;
  node.fuse["read_bytes"] = kBytes;
  EXPECT_EQ(Copies({node}), 5);
}

TEST(CopyCountTest, EachHopIsThreeMoreAndWhatParentsSentIsCountedOnce) {
  NodeCosts root = Node(/*is_root=*/true);
  root.service["bytes_sent"] = kBytes;
  NodeCosts middle = Node(/*is_root=*/false);
  middle.service["bytes_sent"] = kBytes;
  NodeCosts last = Node(/*is_root=*/false);
  last.fuse["read_bytes"] = kBytes;
  EXPECT_EQ(Copies({root, middle, last}), 1 + 2 * 3 + 1);
}

TEST(CopyCountTest, WhatMovedBeforeIsNotCounted) {
  const MovedBytes moved = MovedBytesBetween({1, 2, 3, 4}, {11, 22, 33, 44});
  EXPECT_EQ(moved.from_backing, 10u);
  EXPECT_EQ(moved.over_hops, 20u);
  EXPECT_EQ(moved.to_client, 30u);
  EXPECT_EQ(moved.to_kernel, 40u);
}

TEST(CopyCountTest, BytesThatNobodyReadAreCopiesOfThoseThatWereRead) {
  NodeCosts node;
  node.backing["bytes"] = 3 * kBytes;
  node.fuse["read_bytes"] = kBytes;
  EXPECT_EQ(Copies({node}), 4);
}

TEST(CopyCountTest, WithoutAReaderThereIsNoCount) {
  EXPECT_EQ(CopiesPerByte({.from_backing = kBytes}, 0), std::nullopt);
  EXPECT_TRUE(CopyCounts({.from_backing = kBytes}, 0).empty());
  const std::vector<Count> counts = CopyCounts({.from_backing = kBytes}, kBytes);
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].name, "copies");
  EXPECT_EQ(counts[0].value, 1);
}

}  // namespace
}  // namespace coppice
