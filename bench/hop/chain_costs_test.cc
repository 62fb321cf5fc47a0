#include "bench/hop/chain_costs.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace coppice {
namespace {

constexpr uint64_t kBytes = 1 << 20;

// -1: there is none of the name.
double ValueOf(const std::vector<Count>& counts, const std::string& name) {
  const auto found = std::find_if(counts.begin(), counts.end(),
                                  [&](const Count& count) { return count.name == name; });
  return found == counts.end() ? -1 : found->value;
}

// A hot root and one peer below it, which has a reader, after so many rounds of the work.
std::vector<NodeCosts> TwoNodes(uint64_t rounds, bool has_mount) {
  const uint64_t bytes = rounds * kBytes;
  NodeCosts root;
  root.service = {{"read", rounds}, {"bytes_sent", bytes}};
  NodeCosts last;
  last.parent = {{"read_block", 2 * rounds},
                 {"messages_sent", 3 * rounds},
                 {"messages_received", 4 * rounds},
                 {"bytes_received", bytes}};
  last.service = {{"read", 5 * rounds}, {"bytes_sent", has_mount ? 0 : bytes}};
  if (has_mount)
    last.fuse = {{"READ", 6 * rounds}, {"files_given", 8 * rounds}, {"read_bytes", bytes}};
  return {root, last};
}

// Of one round, after others.
std::vector<Count> CountsOf(const Workload& workload, bool has_mount) {
  return ChainCounts(TwoNodes(7, has_mount), TwoNodes(8, has_mount), workload, has_mount);
}

TEST(ChainCostsTest, AMountHasRequestsCallsAndMessages) {
  const std::vector<Count> counts = CountsOf({.hops = 2, .bytes = kBytes}, /*has_mount=*/true);
  EXPECT_EQ(ValueOf(counts, "FUSE requests"), 6);
  EXPECT_EQ(ValueOf(counts, "READ"), 6);
  EXPECT_EQ(ValueOf(counts, "files given ahead"), 8);
  EXPECT_EQ(ValueOf(counts, "RPCs to peer"), 5);
  EXPECT_EQ(ValueOf(counts, "RPCs to parent"), 2);
  EXPECT_EQ(ValueOf(counts, "messages with parent"), 7);
}

TEST(ChainCostsTest, ALargeFileHasCopiesOverTheHopAndToWhomItIsRead) {
  const Workload large = {.hops = 2, .bytes = kBytes};
  EXPECT_EQ(ValueOf(CountsOf(large, /*has_mount=*/true), "copies"), 3 + 1);
  EXPECT_EQ(ValueOf(CountsOf(large, /*has_mount=*/false), "copies"), 3 + 3);
}

TEST(ChainCostsTest, BytesAreThoseOfEachTcpConnection) {
  const Workload large = {.hops = 2, .bytes = kBytes};
  EXPECT_EQ(ValueOf(CountsOf(large, /*has_mount=*/true), "bytes per hop"), kBytes);
  EXPECT_EQ(ValueOf(CountsOf(large, /*has_mount=*/false), "bytes per hop"), kBytes);
}

TEST(ChainCostsTest, AMountAtTheRootHasNoTcpConnection) {
  const NodeCosts before;
  NodeCosts after;
  after.fuse["read_bytes"] = kBytes;
  const std::vector<Count> counts =
      ChainCounts({before}, {after}, {.hops = 1, .bytes = kBytes}, /*has_mount=*/true);
  EXPECT_EQ(ValueOf(counts, "bytes per hop"), -1);
  EXPECT_EQ(ValueOf(counts, "files given ahead"), -1);
  EXPECT_EQ(ValueOf(counts, "copies"), 1);
}

TEST(ChainCostsTest, SmallFilesHaveNoCopiesThatCouldBeTold) {
  const Workload small = {.hops = 2, .bytes = kBytes, .files = 256};
  EXPECT_EQ(ValueOf(CountsOf(small, /*has_mount=*/true), "copies"), -1);
}

TEST(ChainCostsTest, WithoutAMountThereAreNoRequests) {
  const Workload large = {.hops = 2, .bytes = kBytes};
  EXPECT_EQ(ValueOf(CountsOf(large, /*has_mount=*/false), "FUSE requests"), -1);
}

}  // namespace
}  // namespace coppice
