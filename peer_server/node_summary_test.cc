#include "peer_server/node_summary.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(NodeSummaryTest, AddsUpTheParentsOfAllTreesAndTheMounts) {
  const v1::NodeSummary summary = SummaryOf(
      {{.layer = "service",
        .counters =
            {{"get_attr", 1}, {"read", 2}, {"seek", 3}, {"bytes_sent", 100}, {"errors", 4}}},
       {.layer = "block_cache", .counters = {{"hits", 5}, {"misses", 6}, {"bytes", 7}}},
       {.layer = "parent_0", .counters = {{"read_block", 10}, {"bytes_received", 20}}},
       {.layer = "parent_1", .counters = {{"get_attributes", 1}, {"bytes_received", 2}}},
       {.layer = "backing",
        .counters = {{"opens", 8}, {"reads", 9}, {"bytes", 10}, {"lstats", 11}}},
       {.layer = "retrying_0", .counters = {{"retries", 99}}}},
      {{.counters = {{"LOOKUP", 1}, {"READ", 2}, {"read_bytes", 30}, {"blocks_shared", 7}}},
       {.counters = {{"READ", 4}, {"read_bytes", 5}}}});
  EXPECT_EQ(summary.requests_served(), 6u);
  EXPECT_EQ(summary.bytes_sent(), 100u);
  EXPECT_EQ(summary.errors(), 4u);
  EXPECT_EQ(summary.cache_hits(), 5u);
  EXPECT_EQ(summary.cache_misses(), 6u);
  EXPECT_EQ(summary.cache_bytes(), 7u);
  EXPECT_EQ(summary.requests_sent(), 11u);
  EXPECT_EQ(summary.bytes_received(), 22u);
  EXPECT_EQ(summary.backing_opens(), 8u);
  EXPECT_EQ(summary.backing_reads(), 9u);
  EXPECT_EQ(summary.backing_bytes(), 10u);
  EXPECT_EQ(summary.backing_lstats(), 11u);
  EXPECT_EQ(summary.backing_readdirs(), 0u);
  EXPECT_EQ(summary.mounts(), 2u);
  EXPECT_EQ(summary.mount_requests(), 7u);
  EXPECT_EQ(summary.mount_read_bytes(), 35u);
}

}  // namespace
}  // namespace coppice
