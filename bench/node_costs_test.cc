#include "bench/node_costs.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(NodeCostsTest, CountersAreThoseThatRoseInBetween) {
  const Counters between =
      CountersBetween({{"READ", 10}, {"gauge", 7}}, {{"READ", 15}, {"LOOKUP", 2}, {"gauge", 3}});
  EXPECT_EQ(between, (Counters{{"READ", 5}, {"LOOKUP", 2}, {"gauge", 0}}));
}

TEST(NodeCostsTest, EveryPartIsTakenBetween) {
  const NodeCosts before = {.fuse = {{"READ", 1}},
                            .service = {{"read", 2}},
                            .parent = {{"read_block", 3}},
                            .backing = {{"opens", 4}},
                            .peer = {.cpu = absl::Seconds(1)},
                            .client = {.cpu = absl::Seconds(2)}};
  const NodeCosts after = {.fuse = {{"READ", 11}},
                           .service = {{"read", 22}},
                           .parent = {{"read_block", 33}},
                           .backing = {{"opens", 44}},
                           .peer = {.cpu = absl::Seconds(4)},
                           .client = {.cpu = absl::Seconds(8)}};
  const NodeCosts between = CostsBetween(before, after);
  EXPECT_EQ(CounterOf(between.fuse, "READ"), 10u);
  EXPECT_EQ(CounterOf(between.service, "read"), 20u);
  EXPECT_EQ(CounterOf(between.parent, "read_block"), 30u);
  EXPECT_EQ(CounterOf(between.backing, "opens"), 40u);
  EXPECT_EQ(between.peer.cpu, absl::Seconds(3));
  EXPECT_EQ(between.client.cpu, absl::Seconds(6));
}

TEST(NodeCostsTest, CpuTimeIsThatOfClientAndPeer) {
  const std::vector<Count> counts =
      ProcessorCounts({.peer = {.cpu = absl::Seconds(1)}, .client = {.cpu = absl::Seconds(2)}});
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].name, "client CPU");
  EXPECT_EQ(counts[0].value, 2);
  EXPECT_EQ(counts[1].name, "peer CPU");
  EXPECT_EQ(counts[1].value, 1);
}

TEST(NodeCostsTest, CallsAreCountedWithoutBytesErrorsAndWhatIsUnderWay) {
  EXPECT_EQ(CallsIn({{"get_attr", 1},
                     {"read_dir_plus", 2},
                     {"read", 4},
                     {"attach", 100},
                     {"bytes_sent", 1000},
                     {"errors", 5},
                     {"in_flight", 6}}),
            7u);
  EXPECT_EQ(MessagesIn({{"messages_sent", 3}, {"messages_received", 4}, {"read_block", 90}}), 7u);
  EXPECT_EQ(CallsIn({{"get_attributes", 1}, {"read_block", 2}, {"bytes_received", 9}}), 3u);
}

TEST(NodeCostsTest, FuseRequestsAreTheNamesInCapitals) {
  const Counters fuse = {{"READ", 3}, {"IOCTL", 2}, {"OPEN", 0}, {"read_bytes", 100}};
  EXPECT_EQ(FuseRequestsBesideIoctl(fuse), 3u);
  const std::vector<Count> counts = FuseCounts(fuse);
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].name, "IOCTL");
  EXPECT_EQ(counts[1].name, "READ");
  EXPECT_EQ(counts[1].value, 3);
}

TEST(NodeCostsTest, APeerThatIsNotThereIsAnErrorThatNamesTheNode) {
  const auto costs = ReadNodeCosts({.name = "node7", .socket = "/nowhere/peer.sock"}, WaitLimits());
  ASSERT_FALSE(costs.ok());
  EXPECT_NE(costs.status().message().find("node7"), absl::string_view::npos) << costs.status();
}

}  // namespace
}  // namespace coppice
